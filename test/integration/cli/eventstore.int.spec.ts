/** `hongbao eventstore` as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { someCertificates } from '../../support/certificates.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let folder: string;
let data: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder, 'events');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  rmSync(folder, { recursive: true });
});

/** Starts a node and resolves when it says where it listens. */
async function serving(...words: string[]) {
  const args = [mainFile, 'eventstore', '--data', data, ...words];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const log: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void exited.then((code) => reject(new Error(`ended with ${code}: ${log.join('')}`)));
  });
  const port = Number(/:(\d+)\?/.exec(line)?.[1]);
  return { line, port, child, exited, log: () => log.join('') };
}

describe('it serves', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('plain text when told so, until %s', async (signal) => {
    const node = await serving('--port', '0', '--insecure');
    expect(node.line).toBe(`listening esdb://127.0.0.1:${node.port}?tls=false`);
    const health = await fetch(`http://127.0.0.1:${node.port}/health`);
    expect(await health.json()).toMatchObject({ live: true, ready: true, position: 0 });
    node.child.kill(signal);
    expect(await node.exited).toBe(0);
    expect(node.log()).toContain('"msg":"the event node has stopped"');
  });

  test('TLS with a certificate, and has made its first users', async () => {
    const certificates = someCertificates();
    const [cert, key] = [join(folder, 'node.crt'), join(folder, 'node.key')];
    writeFileSync(cert, certificates.certificate);
    writeFileSync(key, certificates.key);
    const node = await serving('--port', '0', '--tls-cert', cert, '--tls-key', key);
    expect(node.line).toBe(`listening esdb://127.0.0.1:${node.port}?tls=true`);
    const body = await new Promise<string>((resolve, reject) => {
      const options = { ca: certificates.authority, agent: false };
      get(`https://127.0.0.1:${node.port}/health`, options, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        answer.on('end', () => resolve(text));
      }).on('error', reject);
    });
    // Each user is written in three events: who may see him, the list of users, and himself.
    expect(JSON.parse(body)).toMatchObject({ ready: true, position: 6 });
    expect(node.log()).toContain('a user was created with the default password');
  });
});

describe('it refuses, in a sentence,', () => {
  const refused = async (code: number, words: readonly string[], sentence: RegExp): Promise<void> => {
    const result = await runCli(['eventstore', ...words], { HONGBAO_LOG_LEVEL: 'silent' });
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toContain('    at ');
    expect(result.stdout).toBe('');
    expect(result.code).toBe(code);
  };

  test('to serve plain text without being told to', async () => {
    await refused(2, ['--data', data], /needs --tls-cert and --tls-key, or --insecure/);
    await refused(2, ['--data', data, '--tls-cert', 'x'], /needs --tls-cert and --tls-key, or --insecure/);
  });

  test('to be told two things', async () => {
    await refused(2, ['--data', data, '--insecure', '--tls-key', 'x'], /--insecure serves plain text/);
  });

  test.each(['-1', '65536', 'x', '1.5', ''])('the port %j', async (port) => {
    await refused(2, ['--data', data, '--insecure', `--port=${port}`], /takes a port|argument missing/);
  });

  test('to begin without a data folder', async () => {
    await refused(2, ['--insecure'], /An event node needs --data/);
  });

  test('a certificate that cannot be read, or is none', async () => {
    const missing = join(folder, 'missing.crt');
    await refused(3, ['--data', data, '--tls-cert', missing, '--tls-key', missing], /cannot be read: ENOENT/);
    const nonsense = join(folder, 'nonsense.crt');
    writeFileSync(nonsense, 'nonsense');
    const words = ['--data', data, '--port', '0', '--tls-cert', nonsense, '--tls-key', nonsense];
    await refused(2, words, /certificate and the key cannot be used/);
  });

  test('a folder that another node has open, and a port that it serves on', async () => {
    const { port } = await serving('--port', '0', '--insecure');
    await refused(3, ['--data', data, '--port', '0', '--insecure'], /is in use by another running node/);
    const other = join(folder, 'other');
    await refused(3, ['--data', other, '--port', String(port), '--insecure'], /port is taken/);
  });

  test('a data folder that is a file', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'file'), '');
    await refused(
      3,
      ['--data', join(data, 'file'), '--port', '0', '--insecure'],
      /is not allowed what it needs/,
    );
  });
});

describe('its tools', () => {
  async function withEvents(count: number): Promise<Awaited<ReturnType<typeof serving>>> {
    const node = await serving('--port', '0', '--insecure');
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${node.port}?tls=false`);
    for (let event = 0; event < count; event++) {
      await client.appendToStream(`s-${event % 3}`, jsonEvent({ type: 'Happened', data: { event } }));
    }
    return node;
  }

  test('verify a folder, and find what is wrong in it', async () => {
    const node = await withEvents(20);
    expect(await runCli(['eventstore', 'verify', data], {})).toMatchObject({ code: 3 });
    node.child.kill('SIGTERM');
    await node.exited;
    const well = await runCli(['eventstore', 'verify', data], {});
    expect(well).toMatchObject({ code: 0 });
    expect(well.stdout).toMatch(/^ok +20 events, 0 scavenged, \d+ streams$/m);

    const file = join(data, 'events-1.mdb');
    const bytes = readFileSync(file);
    const victim = Buffer.from('"event":7}');
    for (let at = bytes.indexOf(victim); at >= 0; at = bytes.indexOf(victim, at + 1)) bytes[at + 8] = 0x38;
    writeFileSync(file, bytes);
    const damaged = await runCli(['eventstore', 'verify', data, '--json'], {});
    expect(damaged.code).toBe(1);
    expect(JSON.parse(damaged.stdout).problems).toEqual([
      'position 8: the record does not match its checksum',
    ]);
  });

  test('back a folder up while it is served', async () => {
    await withEvents(20);
    const target = join(folder, 'copy');
    const copied = await runCli(['eventstore', 'backup', data, target], {});
    expect(copied).toMatchObject({
      code: 0,
      stdout: `${target} has the events of ${data} up to position 20\n`,
    });
    expect(await runCli(['eventstore', 'verify', target], {})).toMatchObject({ code: 0 });
    expect(await runCli(['eventstore', 'backup', data, target], {})).toMatchObject({ code: 3 });
    expect(await runCli(['eventstore', 'backup', join(folder, 'nowhere'), target], {})).toMatchObject({
      code: 3,
    });
  });

  test('copy a log into another store, once', async () => {
    const from = await withEvents(20);
    data = join(folder, 'other');
    const to = await serving('--port', '0', '--insecure');
    const urls = [from, to].map(({ port }) => `esdb://127.0.0.1:${port}?tls=false`);
    expect(await runCli(['eventstore', 'copy', ...urls], {})).toMatchObject({ code: 0 });
    expect(await runCli(['eventstore', 'copy', ...urls], {})).toMatchObject({ code: 0 });
    const events: string[] = [];
    for await (const { event } of EventStoreDBClient.connectionString(urls[1] ?? '').readAll()) {
      if (event?.type === 'Happened') events.push(`${event.streamId}@${event.revision}`);
    }
    expect(events).toEqual(
      Array.from({ length: 20 }, (_, event) => `s-${event % 3}@${Math.floor(event / 3)}`),
    );
  });
});
