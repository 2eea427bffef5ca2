import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, RecordedEvent } from '../../../src/commands/event-log.ts';
import { streams } from '../../../src/domain/streams.ts';
import { createGeneration } from '../../../src/projections/generations.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { inTransaction } from '../../../src/projections/transaction.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';
import { alice, aliceAndBob, bob, poisonMessage, userId } from '../../support/domain-fixtures.ts';
import { fixedSteps, HistoryWriter } from '../../support/random-history.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  expectTablesToEqualLog,
  logger,
  type ReadSide,
  readSideOn,
  runtime,
  untilTrue,
} from '../projections/support.ts';
import { type Engines, startEngines } from './support.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let engines: Engines;
let server: ReadSide<EventLog>;
let writer: HistoryWriter;

beforeEach(async () => {
  engines = await startEngines();
  server = readSideOn(engines.log, engines.database.pool);
  writer = new HistoryWriter(engines.log);
});
afterEach(async () => {
  await server.stop();
  await engines.close();
});

const projections = (...args: string[]) => runCli(['projections', ...args], engines.env);

async function wholeLog(): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of engines.log.readAll()) events.push(event);
  return events;
}

const generationsOf = async (name: string): Promise<readonly string[]> => {
  const { rows } = await engines.database.pool.query<{ state: string }>(
    `select state from projection.generation where name = $1 and state <> 'dropped' order by number`,
    [name],
  );
  return rows.map(({ state }) => state);
};

describe('an event that a read model cannot take', () => {
  const stream = streams.conversation(aliceAndBob);
  it('is shown, tried again, skipped and found in the log, beside the process that keeps the read model', async () => {
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
    await writer.append(stream, [poisonMessage]);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: bob });
    await untilTrue(async () => {
      const { rows } = await engines.database.pool.query(
        'select from projection.checkpoint where failure is not null',
      );
      return rows.length === 1;
    });
    const [first, event] = await wholeLog();
    const position = `${event!.position}`;

    const status = await projections('status');
    expect(status.code).toBe(1);
    expect(status.stdout).toContain(`Event 1 of ${stream} (MessageSent, position ${position})`);
    expect(status.stdout).toContain('invalid input syntax for type uuid');
    expect(status.stdout).toContain(`hongbao projections skip messages --position ${position} --reason WHY`);

    const retried = await projections('retry', 'messages');
    expect(retried.stdout).toContain('stopped again at the same event');
    expect(retried.code).toBe(1);

    const wrong = await projections('skip', 'messages', '--position', `${first!.position}`, '--reason', 'x');
    expect(wrong.stderr).toContain('Nothing is skipped');
    expect(wrong.stderr).toContain(`position ${position}`);
    expect(wrong.code).toBe(2);

    const skip = ['skip', 'messages', '--position', position, '--reason', 'written by hand'];
    const skipped = await projections(...skip);
    expect(skipped.stdout).toContain(
      `recorded: messages skips ${stream}@1 (MessageSent, position ${position})`,
    );
    expect(skipped.stdout).toMatch(/messages partition \d goes on/);
    expect(skipped.code).toBe(0);
    const again = await projections(...skip);
    expect(again.stdout).toContain('already');
    expect(again.code).toBe(0);

    const replayed = await runCli(['replay', '--stream', 'projection-messages', '--json'], engines.env);
    expect(
      replayed.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'EventSkipped', data: { stream, revision: 1, position, reason: 'written by hand' } },
    ]);
    const after = await projections();
    expect(after.stdout).toContain(`messages     skips ${stream}@1 (MessageSent, position ${position}), by `);
    expect(after.code).toBe(0);

    const audit = await runCli(['audit', '--json'], engines.env);
    const report = JSON.parse(audit.stdout);
    expect(report.differences).toEqual([]);
    expect(report.skipped).toMatchObject([{ projection: 'messages', stream, revision: 1 }]);

    const undone = await projections(...skip, '--undo');
    expect(undone.stdout).toContain('run: hongbao projections rebuild messages');
    expect((await projections(...skip, '--undo')).code).toBe(2);
  });

  it.each([
    [['retry', 'wallet'], 'No partition of wallet stands still'],
    [['skip', 'wallet', '--position', '7', '--reason', 'x'], 'no partition of wallet stands still'],
    [['skip', 'wallet', '--position', 'seven', '--reason', 'x'], 'takes a whole number'],
    [['skip', 'wallet', '--position', '7', '--reason', ' '], '--reason takes 1 to'],
    [['skip', 'wallet', '--position', '7'], '--reason'],
  ])('%j without one ends with a sentence and code 2', async (args, sentence) => {
    await writer.append(streams.wallet(alice), [{ type: 'WalletOpened', data: { userId: alice } }]);
    await server.settled();
    const { code, stderr } = await projections(...args);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
  });
});

describe('an event that only a rebuild meets', () => {
  const stream = streams.conversation(aliceAndBob);

  /** As when an older version of the program could take it: the live rows are beyond the event. */
  async function metBeforeByAnotherVersion(): Promise<string> {
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: alice });
    await writer.append(stream, [poisonMessage]);
    await untilTrue(async () => {
      const { rows } = await engines.database.pool.query(
        'select from projection.checkpoint where failure is not null',
      );
      return rows.length === 1;
    });
    await server.stop();
    const position = `${(await wholeLog())[1]!.position}`;
    await engines.database.pool.query(
      'update projection.checkpoint set position = $1, failure = null where failure is not null',
      [position],
    );
    server = readSideOn(engines.log, engines.database.pool);
    await writer.notice(aliceAndBob, { kind: 'friends-now', by: bob });
    await server.settled();
    return position;
  }

  it.each([
    ['one thread', []],
    ['two threads', ['--workers', '2']],
  ])(
    'is told by the failed rebuild of %s and by the status until a rebuild passes it, once it is skipped',
    async (_, workers) => {
      const position = await metBeforeByAnotherVersion();
      expect((await projections()).code).toBe(0);
      const command = `hongbao projections skip messages --position ${position} --reason WHY`;
      const event = `Event 1 of ${stream} (MessageSent, position ${position}) cannot be projected: `;

      const failed = await projections('rebuild', ...workers);
      expect(failed.stderr).toContain(event);
      expect(failed.stderr).toContain('invalid input syntax for type uuid');
      expect(failed.stderr).toContain(command);
      expect(failed.code).toBe(3);
      expect(await generationsOf('messages')).toEqual(['live']);

      const status = await projections();
      expect(status.stdout).toContain(`REBUILD FAILED (poison): ${event}`);
      expect(status.stdout).toContain(command);
      expect(status.stdout.match(/REBUILD FAILED/g)).toHaveLength(1);
      expect(status.code).toBe(1);
      const { rebuildFailures } = JSON.parse((await projections('status', '--json')).stdout);
      expect(rebuildFailures).toMatchObject([{ projection: 'messages', failure: { event: { position } } }]);

      const elsewhere = await projections('skip', 'messages', '--position', '0', '--reason', 'x');
      expect(elsewhere.stderr).toContain('Nothing is skipped');
      expect(elsewhere.stderr).toContain(event);
      expect(elsewhere.code).toBe(2);

      const skip = ['skip', 'messages', '--position', position, '--reason', 'written by hand'];
      const skipped = await projections(...skip);
      expect(skipped.stdout).toContain(
        `recorded: messages skips ${stream}@1 (MessageSent, position ${position})`,
      );
      expect(skipped.stdout).toContain('run: hongbao projections rebuild messages');
      expect(skipped.code).toBe(0);
      expect((await projections(...skip)).stdout).toContain('already');
      expect((await wholeLog()).filter(({ type }) => type === 'EventSkipped')).toMatchObject([
        { stream: 'projection-messages', data: { stream, revision: 1, position, reason: 'written by hand' } },
      ]);
      expect((await projections()).stdout).not.toContain(command);

      const passed = await projections('rebuild', 'messages', ...workers);
      expect(passed.stdout).toMatch(/messages +generation \d+ is live/);
      expect(passed.code).toBe(0);
      const after = await projections();
      expect(after.stdout).not.toContain('REBUILD FAILED');
      expect(after.stdout).toContain(`messages     skips ${stream}@1`);
      expect(after.code).toBe(0);
      await server.settled();
      const audit = JSON.parse((await runCli(['audit', '--json'], engines.env)).stdout);
      expect(audit.differences).toEqual([]);
      expect(audit.skipped).toMatchObject([{ projection: 'messages', stream, revision: 1 }]);
    },
  );

  it('is told by an audit, too, until one passes it', async () => {
    const position = await metBeforeByAnotherVersion();
    const audit = await runCli(['audit', '--json'], engines.env);
    expect(audit.stderr + audit.stdout).toContain(`position ${position}) cannot be projected`);
    expect((await projections()).code).toBe(1);
    await projections('skip', 'messages', '--position', position, '--reason', 'written by hand');
    await runCli(['audit', '--json'], engines.env);
    expect((await projections()).stdout).not.toContain('REBUILD FAILED');
  });
});

describe('hongbao projections rebuild --verify', () => {
  const rowCount = 30;

  beforeEach(async () => {
    for (let number = 1; number <= rowCount; number++) {
      const user = userId(number);
      await writer.append(streams.wallet(user), [{ type: 'WalletOpened', data: { userId: user } }]);
    }
    await server.settled();
    await engines.database.pool.query('update read.wallet set balance_fen = balance_fen + 1');
  });

  it('prints every difference, however many there are, and as JSON where that is asked for', async () => {
    const text = await projections('rebuild', 'wallet', '--verify');
    const lines = text.stdout.trim().split('\n');
    expect(lines.filter((line) => line.includes('only in live: wallet'))).toHaveLength(rowCount);
    expect(lines.filter((line) => line.includes('only in replay: wallet'))).toHaveLength(rowCount);
    expect(lines.at(-1)).toContain(`${2 * rowCount} rows differed before`);
    expect(text.stderr).toMatch(/^copy wallet \[#+\] 100 % .* \d+ behind$/m);
    expect(text.code).toBe(1);

    const json = await projections('rebuild', 'wallet', '--verify', '--json');
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ projection: 'wallet', kind: 'swapped', differenceCount: 0 }]);
    expect(json.code).toBe(0);
  });

  it('writes them into a file', async () => {
    const file = join(temporaryFolder(), 'differences.jsonl');
    const { stdout, code } = await projections('rebuild', 'wallet', '--verify', '--output', file);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const written = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(dirname(file), { recursive: true });
    expect(written).toHaveLength(2 * rowCount);
    expect(JSON.parse(written[0]!)).toMatchObject({ projection: 'wallet', table: 'wallet' });
    expect(code).toBe(1);
  });
});

describe('hongbao projections abort', () => {
  beforeEach(async () => {
    await writer.play(fixedSteps(40));
    await server.settled();
  });

  const deps = () => ({ log: engines.log, pool: engines.database.pool, runtime, logger });

  it('refuses when there is nothing to end', async () => {
    const { code, stderr } = await projections('abort', 'wallet');
    expect(stderr).toContain('There is no rebuild of wallet to abort');
    expect(code).toBe(1);
  });

  it('drops what a killed rebuild left', async () => {
    await inTransaction(engines.database.pool, {}, (tx) =>
      createGeneration(tx, walletProjection, '', 'shadow'),
    );
    const { code, stdout } = await projections('abort');
    expect(stdout).toBe('wallet: dropped what a rebuild that was killed had left\n');
    expect(code).toBe(0);
    expect(await generationsOf('wallet')).toEqual(['live']);
  });

  it('ends a rebuild of another process, and reads stay as they were', async () => {
    // Whoever reads keeps the swap from being done: the rebuild tries it again and again.
    const reader = await engines.database.pool.connect();
    await reader.query('begin; select from read.wallet');
    const swapping = Promise.withResolvers<void>();
    const ending = rebuild(deps(), [walletProjection], {
      onProgress: ({ phase }) => phase === 'swap' && swapping.resolve(),
    }).then(
      () => 'swapped',
      (error: Error) => error.name,
    );
    await swapping.promise;
    const { code, stdout } = await projections('abort', 'wallet');
    expect(await ending).toBe('RebuildAborted');
    await reader.query('rollback');
    reader.release();
    expect(stdout).toBe('wallet: the rebuild was aborted; the live rows are as they were\n');
    expect(code).toBe(0);
    expect(await generationsOf('wallet')).toEqual(['live']);
    await expectTablesToEqualLog(engines.database.pool, await wholeLog());
  });
});

describe('a rebuild that is killed', () => {
  const noCliConnected = () =>
    untilTrue(async () => {
      const { rows } = await engines.database.pool.query(
        `select from pg_stat_activity where datname = current_database() and application_name = 'hongbao cli'`,
      );
      return rows.length === 0;
    });

  /** Until somebody waits for a lock that keeps everybody from the view: the swap. */
  const swapWaits = () =>
    untilTrue(async () => {
      const { rows } = await engines.database.pool.query(
        `select from pg_locks where relation = 'read.wallet'::regclass and mode = 'AccessExclusiveLock' and not granted`,
      );
      return rows.length > 0;
    });

  it.each(['copy', 'index', 'compare', 'swap'])(
    'with -9 at the step %s leaves reads whole, and the next one starts clean',
    async (phase) => {
      await writer.play(fixedSteps(60));
      await server.settled();
      const reader = await engines.database.pool.connect();
      if (phase === 'swap') await reader.query('begin; select from read.wallet');
      const child = spawn(process.execPath, [mainFile, 'projections', 'rebuild', '--verify'], {
        env: { ...process.env, ...engines.env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const exited = once(child, 'exit');
      if (phase === 'swap') await swapWaits();
      else {
        for await (const line of createInterface({ input: child.stderr })) {
          if (line.startsWith(`${phase} `)) break;
        }
      }
      child.kill('SIGKILL');
      expect(await exited).toEqual([null, 'SIGKILL']);
      await expectTablesToEqualLog(engines.database.pool, await wholeLog());
      await reader.query('rollback');
      reader.release();

      await noCliConnected();
      await writer.play(fixedSteps(20, 7));
      await server.settled();
      const { code, stdout } = await projections('rebuild', '--verify');
      expect(stdout).not.toMatch(/only in/);
      expect(code).toBe(0);
      await server.settled();
      await expectTablesToEqualLog(engines.database.pool, await wholeLog());
      expect(await generationsOf('wallet')).toEqual(['live']);
      const { rows } = await engines.database.pool.query(
        `select nspname from pg_namespace where nspname like 'wallet\\_g%'`,
      );
      expect(rows).toHaveLength(1);
    },
  );
});
