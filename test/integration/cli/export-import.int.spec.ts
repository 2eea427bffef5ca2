/** `hongbao export` and `hongbao import` as processes, on real nodes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockDataFolder } from '../../../infra/supervisor/data-folder-lock.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import { ensureLogEpoch } from '../../../src/commands/log-epoch.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { anEvent } from '../../support/an-event.ts';
import { collect } from '../../support/event-log-contract.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../engines/supervised-server.ts';
import { aLog, aNode } from '../eventstore/support.ts';
import { type StallingProxy, stallingProxy } from './stalling-proxy.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const runtime = systemRuntime();
/** Some 6 MB, so that an export and an import have several chunks and appends before and behind any middle. */
const streamCount = 30;
const eventsPerStream = 100;
const eventCount = streamCount * eventsPerStream + 1;

let folder: string;
let file: string;
/** A log that every test reads and none writes. */
let source: Store;
let closeSource = async (): Promise<void> => {};
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const { store, close } = await openStore();
  [source, closeSource] = [store, close];
  await fill(source);
});
afterAll(() => closeSource());

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'log.jsonl');
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Store {
  readonly log: EventLog;
  readonly port: number;
  readonly env: { readonly ESDB_URL: string };
}

const urlOf = (port: number) => ({ ESDB_URL: `esdb://127.0.0.1:${port}?tls=false` });

async function openStore(): Promise<{ store: Store; close: () => Promise<void> }> {
  const { node, close } = await aNode();
  const log = aLog(node.url);
  const port = Number(/:(\d+)\?/.exec(node.url)?.[1]);
  return {
    store: { log, port, env: urlOf(port) },
    close: async () => {
      await log.close();
      await close();
    },
  };
}

async function aStore(): Promise<Store> {
  const { store, close } = await openStore();
  closing.push(close);
  return store;
}

async function fill({ log }: Store): Promise<void> {
  await ensureLogEpoch(log, runtime);
  for (let number = 0; number < streamCount; number += 1) {
    const events = Array.from({ length: eventsPerStream }, (_, index) =>
      anEvent({ index, text: '恭喜发财 '.repeat(100) }),
    );
    await log.append(`s-${number}`, 'no-stream', events);
  }
}

async function aProxy(store: Store, direction: 'to-node' | 'from-node'): Promise<StallingProxy> {
  const proxy = await stallingProxy(store.port, { direction, bytesMax: 3_000_000 });
  closing.push(() => proxy.close());
  return proxy;
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: 'ignore' | 'pipe' = 'ignore',
) {
  const child: ChildProcess = spawn(process.execPath, [mainFile, ...args], {
    env: { ...process.env, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  closing.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return {
    child,
    exited: once(child, 'close').then(([code]) => code as number | null),
    stderr: () => stderr,
  };
}

/** What is in a log besides its epochs, without the positions, which are each store's own. */
async function contentOf(log: EventLog) {
  const events = await collect(log.readAll());
  return events.filter(({ type }) => type !== 'EpochBegun').map(({ position: _, ...content }) => content);
}

async function expectSameLog(source: Store, target: Store): Promise<void> {
  expect(await contentOf(target.log)).toEqual(await contentOf(source.log));
  const epochs = await collect(target.log.readStream('log-epoch'));
  expect(epochs.map(({ revision }) => revision)).toEqual([0, 1]);
  const head = await target.log.head();
  expect(epochs[1]?.position).toBe(head);
}

const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

describe.each(['log.jsonl', 'log.jsonl.gz'])('an export into %s', (name) => {
  it('that was killed goes on behind its last whole chunk, and is what the log holds', async () => {
    file = join(folder, name);
    const partial = `${file}.partial`;
    const proxy = await aProxy(source, 'from-node');
    const killed = start(['export', file], urlOf(proxy.port));
    await proxy.stalled;
    await until(() => existsSync(partial) && statSync(partial).size > 1_000);
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(existsSync(file)).toBe(false);

    const again = await runCli(['export', file], source.env);
    expect(again.stderr).toContain(
      `${partial} is what an interrupted export left. Go on with it by --resume`,
    );
    expect(again.code).toBe(3);
    // As a crash of the machine leaves it: the last piece is there in part.
    const bytes = readFileSync(partial);
    writeFileSync(partial, Buffer.concat([bytes, bytes.subarray(0, 100)]));

    const resumed = await runCli(['export', file, '--resume'], source.env);
    expect(resumed.stderr).toMatch(/^going on behind [1-9][\d,]* events of /);
    expect(resumed.code).toBe(0);
    expect(existsSync(partial)).toBe(false);
    const checked = await runCli(['export', '--check', file], {});
    expect(checked.stdout).toMatch(/^ok {6}3,001 events of 31 streams in \d+ chunks, up to position \d+\n$/);

    const whole = join(folder, `whole-${name}`);
    expect(await runCli(['export', whole], source.env)).toMatchObject({ code: 0 });
    const events = (path: string) =>
      textOf(path)
        .split('\n')
        .filter((line) => line.startsWith('{"id":'));
    expect(events(file)).toEqual(events(whole));
    expect(await runCli(['export', file], source.env)).toMatchObject({ code: 3 });
  });
});

describe('an export', () => {
  it('that is told to stop leaves what --resume goes on with', async () => {
    const proxy = await aProxy(source, 'from-node');
    const stopped = start(['export', file], urlOf(proxy.port));
    await proxy.stalled;
    stopped.child.kill('SIGINT');
    await until(() => stopped.stderr().includes('giving up'));
    proxy.goOn();
    expect(await stopped.exited).toBe(3);
    expect(stopped.stderr()).toContain('log.jsonl.partial is what there is: hongbao export --resume goes on');
    expect(existsSync(file)).toBe(false);
    expect(await runCli(['export', '--resume', file], source.env)).toMatchObject({ code: 0 });
  });

  it('is no success when nobody reads it to its end', async () => {
    const { child, exited, stderr } = start(['export', '-'], source.env);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await exited).toBe(3);
    expect(stderr()).toContain('Nobody reads the export any more');
  });

  it('does not go on with what is of another log', async () => {
    const proxy = await aProxy(source, 'from-node');
    const killed = start(['export', file], urlOf(proxy.port));
    await proxy.stalled;
    await until(() => existsSync(`${file}.partial`) && statSync(`${file}.partial`).size > 1_000);
    killed.child.kill('SIGKILL');
    await killed.exited;
    const other = await aStore();
    await fill(other);
    const refused = await runCli(['export', '--resume', file], other.env);
    expect(refused.stderr).toContain('is not of this log as it is now');
    expect(refused.code).toBe(1);
  });
});

describe('an import', () => {
  it('that was killed goes on, writes nothing twice, and begins one epoch', async () => {
    const target = await aStore();
    await runCli(['export', file], source.env);
    const proxy = await aProxy(target, 'to-node');
    const killed = start(['import', file], urlOf(proxy.port));
    await proxy.stalled;
    killed.child.kill('SIGKILL');
    await killed.exited;
    await proxy.close();
    const held = (await contentOf(target.log)).length;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(eventCount - 1);

    const dry = await runCli(['import', '--dry-run', file], target.env);
    expect(dry.stdout).toMatch(
      /^[1-9][\d,]* events are there already, [1-9][\d,]* would be written\. Nothing was\.\n$/,
    );
    expect((await contentOf(target.log)).length).toBe(held);

    const finished = await runCli(['import', file], target.env);
    expect(finished.stdout).toContain('A new epoch begins behind them');
    expect(finished.code).toBe(0);
    await expectSameLog(source, target);
    const again = await runCli(['import', file], target.env);
    expect(again.stdout).toBe(
      '3,001 events were there already, 0 were written.\nThe new epoch behind them had begun before.\n',
    );
    await expectSameLog(source, target);
  });

  it('takes what an export writes into a pipe', async () => {
    const target = await aStore();
    const writer = start(['export', '-'], source.env);
    const reader = start(['import', '-'], target.env, 'pipe');
    if (writer.child.stdout === null || reader.child.stdin === null) throw new Error('no pipes');
    writer.child.stdout.pipe(reader.child.stdin);
    expect(await Promise.all([writer.exited, reader.exited])).toEqual([0, 0]);
    await expectSameLog(source, target);
  });

  it.each(['log.jsonl', 'log.jsonl.gz'])('writes nothing of a damaged or cut off %s', async (name) => {
    file = join(folder, name);
    const target = await aStore();
    await runCli(['export', file], source.env);
    const good = readFileSync(file);
    for (const at of [40, Math.floor(good.length / 2), good.length - 90]) {
      const bytes = Buffer.from(good);
      bytes[at] = bytes[at]! ^ 0x55;
      for (const damaged of [bytes, good.subarray(0, at)]) {
        writeFileSync(file, damaged);
        const refused = await runCli(['import', file], target.env);
        expect(refused.stderr, `byte ${at}`).toMatch(/^hongbao: .*(byte \d+|no exported log|Line \d+)/);
        expect(refused.code).toBe(1);
      }
    }
    expect(await target.log.head()).toBe(-1n);
  });

  it('makes a new data folder, and shares none with a server', async () => {
    await runCli(['export', file], source.env);
    const env = { HONGBAO_DATA: join(folder, 'data') };
    const dry = await runCli(['import', '--dry-run', file], env);
    expect(dry.stderr).toContain('There is no data in');
    expect(await runCli(['import', file], env)).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'data', 'postgres'))).toBe(false);

    const copy = join(folder, 'copy.jsonl.gz');
    expect(await runCli(['export', copy], env)).toMatchObject({ code: 0 });
    const target = await aStore();
    expect(await runCli(['import', copy], target.env)).toMatchObject({ code: 0 });
    expect(await contentOf(target.log)).toEqual(await contentOf(source.log));

    const lock = lockDataFolder(join(folder, 'data'));
    const refused = await runCli(['import', file], env);
    lock.release();
    expect(refused.stderr).toContain('Another hongbao already runs on the data in');
    expect(refused.code).toBe(3);
  });

  it('says which file it cannot read', async () => {
    const { stderr, code } = await runCli(['import', join(folder, 'nothing')], urlOf(1));
    expect(stderr).toMatch(/^hongbao: The file cannot be read: ENOENT/);
    expect(code).toBe(3);
  });
});
