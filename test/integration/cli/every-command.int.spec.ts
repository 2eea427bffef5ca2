/** What every command of the program promises, those to come included: see docs/cli.md. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventNode, startEventNode } from '../../../infra/eventstore/embedded/node.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { streams } from '../../../src/domain/streams.ts';
import { schemaVersionOf } from '../../../src/domain/upcast.ts';
import { ensureReadModels } from '../../../src/projections/ensure-read-models.ts';
import { noEpoch } from '../../../src/projections/log-epoch-reader.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { allTaken } from '../../domain/ledger/money-history.ts';
import { userId } from '../../support/domain-fixtures.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Engines, startEngines } from './support.ts';

const runtime = systemRuntime();

function withChildren(command: Command, path: string): { path: string; command: Command }[] {
  return [
    { path, command },
    ...command.commands.flatMap((child) => withChildren(child, `${path} ${child.name()}`.trim())),
  ];
}
const program = withChildren(buildProgram(), '');
const commands = program.filter(({ path }) => path !== '');
const each = commands.map(({ path, command }) => [path, command] as const);
const wordsOf = (path: string): string[] => path.split(' ').filter((word) => word !== '');

/** Those without --json, each with the reason. */
const withoutJson: Readonly<Record<string, string>> = {
  demo: 'tells a story to people',
  accounts: 'does nothing without a further word',
  completion: 'prints a script for a shell',
  projections: 'is its status, which has it',
};

/** Those that only name others. */
const families = ['accounts'];

/** Those that run until they are stopped: the tests of the engines cover what they print. */
const serving = ['up', 'eventstore', 'demo'];

/** Those that need a read model that stands still, or a rebuild: cli/projections.int.spec.ts has both. */
const mending = ['projections retry', 'projections skip', 'projections abort'];

describe.each(program.map(({ path, command }) => [`hongbao ${path}`.trim(), path, command] as const))(
  '%s',
  (name, path, command) => {
    it('says with --help what it does, what each word means, and how it is used', async () => {
      const { code, stdout, stderr } = await runCli([...wordsOf(path), '--help'], {});
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.replace(/\s+/g, ' ')).toContain(command.description());
      const lines = stdout.split('\n').filter((line) => line.startsWith('  $ '));
      expect(lines, 'examples').not.toEqual([]);
      for (const line of lines) expect(line).toContain(name);
      const known = ['--help', ...command.options.map((option) => option.long)];
      const used = lines.flatMap((line) => line.split('|')[0]?.match(/(?<=\s)--[a-z-]+/g) ?? []);
      expect(
        used.filter((option) => !known.includes(option)),
        'options of the examples',
      ).toEqual([]);
      const described = [...command.options, ...command.registeredArguments];
      expect(described.filter(({ description }) => description === '')).toEqual([]);
    });

    it('refuses a wrong word with code 2, a sentence, and what was meant', async () => {
      const [typo, meant] = command.options.some((option) => option.long === '--json')
        ? ['--jsno', '--json']
        : ['--hlep', '--help'];
      const { code, stdout, stderr } = await runCli([...wordsOf(path), typo], {});
      expect(stderr).toContain(`unknown option '${typo}'\n(Did you mean ${meant}?)`);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect([code, stdout]).toEqual([2, '']);
    });
  },
);

describe('every command', () => {
  it('has --json, or a reason not to', () => {
    const without = commands.filter(({ command }) => !command.options.some(({ long }) => long === '--json'));
    expect(without.map(({ path }) => path).sort()).toEqual(Object.keys(withoutJson).sort());
  });

  it('is run below, or serves until it is stopped', () => {
    expect([...Object.keys(cases), ...families, ...serving, ...mending].sort()).toEqual(
      commands.map(({ path }) => path).sort(),
    );
  });
});

const plantedUser = userId(77);
const sealed = { subject: plantedUser, key: 1, box: '' };
const plantedMetadata = {
  $correlationId: plantedUser,
  $causationId: plantedUser,
  actor: 'system:test',
  commandId: plantedUser,
  bodyHash: '',
  timeMs: 0,
};
let engines: Engines;
let folder: string;
let packetId: string;
let target: EventNode;
let runs = 0;

beforeAll(async () => {
  engines = await startEngines();
  folder = temporaryFolder();
  await ensureReadModels(engines.database.pool, noEpoch);
  for (const { event, timeMs } of allTaken) {
    if (event.type === 'PacketSent') packetId = event.data.packetId;
    const id = runtime.ids.next();
    const isOfPacket =
      event.type === 'PacketSent' || event.type.startsWith('PacketG') || event.type === 'PacketExhausted';
    const stream = isOfPacket ? streams.packet(allTakenPacket()) : 'planted-events';
    const metadata = {
      $correlationId: id,
      $causationId: id,
      actor: 'system:test' as const,
      commandId: id,
      bodyHash: '',
      timeMs,
      schemaVersion: schemaVersionOf(event.type),
    };
    await engines.log.append(stream, 'any', [{ id, type: event.type, data: event.data, metadata }]);
  }
  await engines.log.append(streams.account(plantedUser), 'no-stream', [
    {
      id: runtime.ids.next(),
      type: 'AccountRegistered',
      data: { userId: plantedUser, username: sealed, nickname: sealed },
      metadata: { ...plantedMetadata, schemaVersion: schemaVersionOf('AccountRegistered') },
    },
  ]);
  await runCli(['export', join(folder, 'exported.jsonl')], engines.env);
  const logger = pino({ level: 'silent' });
  const node = { host: '127.0.0.1', port: 0, logger, runtime };
  const closed = await startEventNode({ ...node, dataDir: join(folder, 'events') });
  await closed.close();
  target = await startEventNode({ ...node, dataDir: join(folder, 'target') });
});

afterAll(async () => {
  await target.close();
  await engines.close();
  rmSync(folder, { recursive: true });
});

/** The packet of the planted history. */
function allTakenPacket() {
  for (const { event } of allTaken) if (event.type === 'PacketSent') return event.data.packetId;
  throw new Error('the history has no packet');
}

/** How each command is run, on engines with one packet in the log and empty read models. */
const cases: Readonly<Record<string, () => string[]>> = {
  migrate: () => [],
  projections: () => [],
  'projections status': () => [],
  'projections rebuild': () => ['friends'],
  rebuild: () => ['friends'],
  replay: () => [],
  audit: () => [],
  verify: () => [packetId],
  'accounts show': () => [plantedUser],
  'accounts freeze': () => [plantedUser, '--reason', 'a test'],
  'accounts unfreeze': () => [plantedUser, '--reason', 'a test'],
  doctor: () => [],
  completion: () => ['bash'],
  export: () => [join(folder, `log-${++runs}.jsonl`)],
  import: () => ['--dry-run', join(folder, 'exported.jsonl')],
  'eventstore verify': () => [join(folder, 'events')],
  'eventstore backup': () => [join(folder, 'events'), join(folder, `backup-${++runs}`)],
  // Its target has other events after the first run, and it says so.
  'eventstore copy': () => [engines.env.ESDB_URL!, target.url],
};

describe('a command that prints', () => {
  const printing = each.filter(([path]) => cases[path] !== undefined);
  const run = (path: string, options: readonly string[], reader = true) =>
    runCli(
      [...wordsOf(path), ...(cases[path]?.() ?? []), ...options],
      { ...engines.env, HONGBAO_DATA: join(folder, 'none'), HONGBAO_PORT: '0' },
      { reader },
    );

  it.each(printing.filter(([path]) => withoutJson[path] === undefined))(
    'prints nothing but JSON with --json, and its progress elsewhere: %s',
    async (path) => {
      const { code, stdout, stderr } = await run(path, ['--json']);
      const lines = stdout.split('\n').filter((line) => line !== '');
      expect(lines, stderr).not.toEqual([]);
      for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
      expect([0, 1]).toContain(code);
    },
  );

  it.each(printing)('draws nothing where there is no terminal, and needs no reader: %s', async (path) => {
    const read = await run(path, []);
    expect(read.stdout + read.stderr).not.toContain('\u001b');
    const unread = await run(path, [], false);
    expect(unread.stderr).not.toMatch(/^\s+at |EPIPE/m);
    expect(unread.code).toBe(read.code);
  });
});

describe('a word that is no command', () => {
  it.each([
    [['replya'], "unknown command 'replya'\n(Did you mean replay?)"],
    [['eventstore', 'verfy'], 'There is no command "eventstore verfy". There are: verify, backup, copy.'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish.'],
    [['up', 'now'], "too many arguments for 'up'"],
  ])('%j is refused with code 2 and what there is', async (words, sentence) => {
    const { code, stdout, stderr } = await runCli(words, {});
    expect(stderr).toContain(sentence);
    expect([code, stdout]).toEqual([2, '']);
  });
});
