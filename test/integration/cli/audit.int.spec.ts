import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditReport, RuleState } from '../../../src/cli/commands/audit/audit-report.ts';
import type { MoneyRule } from '../../../src/domain/ledger/money-rules.ts';
import type { MessageRule } from '../../../src/domain/message-audit/message-rules.ts';
import { streams } from '../../../src/domain/streams.ts';
import { withRebuildLocks } from '../../../src/projections/rebuild/rebuild-lock.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import {
  allTaken,
  deposited,
  expiryMs,
  funded,
  grabbed,
  grabCredited,
  halfTaken,
  opened,
  refunded,
  type Step,
  withdrew,
} from '../../domain/ledger/money-history.ts';
import {
  acknowledged,
  becameFriends,
  conversation,
  packetShown,
  receipts,
  recalled,
  sent,
} from '../../domain/message-audit/message-history.ts';
import { alice, bob, clientMsgId, userId } from '../../support/domain-fixtures.ts';
import { aDomainEvent } from '../../support/an-event.ts';
import { runCli } from '../../support/run-cli.ts';
import type { Planted } from '../../support/recorded-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { readSideOn } from '../projections/support.ts';
import { type Engines, startEngines } from './support.ts';

const runtime = systemRuntime();
const mainFile = join(import.meta.dirname, '../../../src/cli/main.ts');
const money = (steps: readonly Step[]): readonly Planted[] =>
  steps.map((step) => ({ ...step, stream: 'planted-events' }));

let engines: Engines;
let folder: string;

beforeEach(async () => {
  engines = await startEngines();
  folder = temporaryFolder();
});

afterEach(async () => {
  await engines.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the events into the log as the write side would have, whatever they are. Answers the last one's position. */
async function plant(steps: readonly Planted[]): Promise<bigint> {
  let position = -1n;
  for (const { stream, event, timeMs = runtime.clock.nowMs() } of steps) {
    const result = await engines.log.append(stream, 'any', [aDomainEvent(event, { timeMs })]);
    if (result.kind === 'appended') position = result.position;
  }
  return position;
}

type JsonReport = Omit<AuditReport, 'violations'> & {
  readonly clean: boolean;
  readonly rules: readonly RuleState[];
  readonly violations: readonly { readonly rule: number | string; readonly position: string }[];
};

async function audited(...words: string[]): Promise<{ report: JsonReport; code: number | null }> {
  const { stdout, code } = await runCli(['audit', '--format', 'json', ...words], engines.env);
  return { report: JSON.parse(stdout), code };
}

const brokenIn = ({ rules }: JsonReport) =>
  rules.filter(({ state }) => state === 'broken').map(({ rule }) => String(rule));

describe('hongbao audit', () => {
  it.each<[string, readonly Planted[]]>([
    ['an empty log', []],
    ['a packet that was grabbed to the end', money(allTaken)],
    ['a packet of which a part went back', money(halfTaken)],
    ['a conversation', [becameFriends, sent(1), sent(2), recalled(2), acknowledged(3, 3)]],
  ])('finds nothing in %s', async (_what, steps) => {
    await plant(steps);
    const { code, stdout } = await runCli(['audit', '--log-only'], engines.env);
    expect(stdout).not.toContain('BROKEN');
    expect(stdout).toContain('rule 8: A read model equals a replay from zero. (not checked)');
    expect(code).toBe(0);
  });

  const texts = [becameFriends, sent(1), sent(2)];
  /** The types want one for every rule of the log. */
  const plantings: Record<MoneyRule | MessageRule, readonly [string, readonly Planted[]]> = {
    1: ['a credit of more than was granted', money([...opened, grabbed(), grabCredited(bob, 0, 51)])],
    2: ['a packet that is funded twice', money([...opened.slice(0, 2), funded()])],
    3: ['a second share for one user', money([...opened, grabbed(bob, 0), grabbed(bob, 1)])],
    4: ['a refund before the expiry second', money([...opened, refunded(100, expiryMs - 1)])],
    5: ['a second end', money([...halfTaken, refunded(0)])],
    6: ['a balance below zero', money([deposited(10), withdrew(11)])],
    7: ['a share that is credited twice', money([...halfTaken, grabCredited()])],
    M1: ['a message outside of its conversation', [...texts, { ...sent(3), stream: receipts }]],
    M2: ['a message number that is left out', [...texts, sent(4)]],
    M3: ['a message that is there twice', [...texts, sent(3, { clientMsgId: clientMsgId(1) })]],
    M4: ['a recall of what another sent', [...texts, recalled(1, bob)]],
    M5: ['a cursor beyond the head', [...texts, acknowledged(3, 3)]],
    M6: ['a message between strangers', [sent(1)]],
    M7: ['a message of a packet that is not there', [becameFriends, packetShown(1)]],
  };
  it.each(Object.entries(plantings).map(([rule, [what, steps]]) => [rule, what, steps] as const))(
    'finds a broken rule %s: %s',
    async (rule, _what, steps) => {
      const position = await plant(steps);
      const { report, code } = await audited('--log-only');
      expect(brokenIn(report)).toContain(rule);
      expect(report.violations).toContainEqual(
        expect.objectContaining({
          rule: rule.startsWith('M') ? rule : Number(rule),
          position: String(position),
          stream: steps.at(-1)?.stream,
        }),
      );
      expect(report.clean).toBe(false);
      expect(code).toBe(1);
    },
  );

  it('finds rows that no replay would make in the real tables, rule 8', async () => {
    const deposit = { ...deposited(1_000), stream: streams.wallet(alice) };
    await plant([deposit, becameFriends, sent(1), acknowledged(1, 1)]);
    const { pool } = engines.database;
    const readSide = readSideOn(engines.log, pool);
    await readSide.settled();
    await readSide.stop();
    const before = await audited();
    expect(before.report.rules.every(({ state }) => state === 'ok')).toBe(true);
    expect(before.code).toBe(0);

    const { rowCount } = await pool.query(
      'update read.wallet set balance_fen = balance_fen + 1 where user_id = $1',
      [alice],
    );
    expect(rowCount).toBe(1);
    const { report, code } = await audited();
    expect(brokenIn(report)).toEqual(['8']);
    expect(report.differences).toEqual([
      expect.objectContaining({ projection: 'wallet', table: 'wallet', onlyIn: 'replay' }),
      expect.objectContaining({ projection: 'wallet', table: 'wallet', onlyIn: 'live' }),
    ]);
    expect(code).toBe(1);
    const text = await runCli(['audit'], engines.env);
    expect(text.stdout).toContain('BROKEN  rule 8:');
    expect(text.stdout).toContain('wallet.wallet, only in live: ');
  });

  it('reports every row that differs: all in JSON, the first in text, with how many there are', async () => {
    await plant(
      Array.from({ length: 25 }, (_, index) => ({
        stream: streams.wallet(userId(100 + index)),
        event: { type: 'WalletOpened', data: { userId: userId(100 + index) } },
      })),
    );
    const { pool } = engines.database;
    const readSide = readSideOn(engines.log, pool);
    await readSide.settled();
    await readSide.stop();
    expect((await pool.query('delete from read.wallet')).rowCount).toBe(25);

    const { report } = await audited();
    const users = report.differences?.map(({ row }) => JSON.parse(row).user_id);
    expect(users?.toSorted()).toEqual(Array.from({ length: 25 }, (_, index) => userId(100 + index)));
    expect(report).toMatchObject({
      differenceCount: 25,
      differing: [{ projection: 'wallet', table: 'wallet', onlyInLive: 0, onlyInReplay: 25 }],
    });
    const rowsIn = async (...words: string[]) =>
      (await runCli(['audit', ...words], engines.env)).stdout.split('\n').flatMap((line) => {
        const row = /wallet\.wallet, only in replay|and .+ more rows.+/.exec(line);
        return row === null ? [] : [row[0]];
      });
    const listed = (count: number) => Array.from({ length: count }, () => 'wallet.wallet, only in replay');
    expect(await rowsIn()).toEqual([...listed(10), 'and 15 more rows: --differences all lists them']);
    expect(await rowsIn('--differences', 'all')).toEqual(listed(25));
    expect((await audited('--differences', '3')).report.differences).toHaveLength(3);
  });

  it('asks the database nothing when it is for the log only', async () => {
    await plant([becameFriends, sent(1)]);
    const env = { ...engines.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const { code, stdout } = await runCli(['audit', '--log-only'], env);
    expect(stdout).toContain('Audited 2 events');
    expect(code).toBe(0);
    expect((await runCli(['audit'], env)).code).toBe(3);
  });

  it.each(['audit', 'rebuild'])(
    'has no answer, which is not a broken rule, while a read model is being rebuilt: %s',
    async (command) => {
      await withRebuildLocks(engines.database.pool, ['wallet'], async () => {
        const { code, stdout, stderr } = await runCli([command], engines.env);
        expect(stderr).toBe(
          'hongbao: wallet is being rebuilt by another process. Try again when that has ended.\n',
        );
        expect(stdout).toBe('');
        expect(code).toBe(3);
      });
    },
  );
});

describe('the report of hongbao audit', () => {
  it('is text for people when nothing else is asked for, and JSON with --json as with --format json', async () => {
    await plant([sent(1)]);
    const text = await runCli(['audit', '--log-only'], engines.env);
    expect(text.stdout).toContain('BROKEN  rule M6: ');
    expect(text.stdout).toContain(`in ${conversation}: User ${alice} sends at `);
    expect(text.stderr).toBe('audit: read 1 events\n');
    const json = await runCli(['audit', '--log-only', '--json'], engines.env);
    expect(brokenIn(JSON.parse(json.stdout))).toEqual(['M6']);
    expect([text.code, json.code]).toEqual([1, 1]);
  });

  it('goes into a file as one page, in place of the one before, and leaves nothing else there', async () => {
    await plant([sent(1)]);
    const file = join(folder, 'audit.html');
    writeFileSync(file, 'the report of yesterday');
    const words = ['audit', '--log-only', '--format', 'html', '--output', file];
    const { code, stdout, stderr } = await runCli(words, engines.env);
    expect(stdout).toBe('');
    expect(stderr).toBe(`audit: read 1 events\naudit: BROKEN; the report is in ${file}\n`);
    expect(code).toBe(1);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toMatch(/<\/html>\n$/);
    expect(page).toContain('Broken rules: M6.');
    expect(readdirSync(folder)).toEqual(['audit.html']);
  });

  it.each([
    [['--format', 'pdf'], 2, 'Allowed choices are text, json, html'],
    [['--json', '--format', 'html'], 2, '--json is --format json'],
    [['--differences', 'some'], 2, '--differences takes a whole number or all (it is "some").'],
    [['--output', 'nowhere/audit.html'], 2, 'There is no folder nowhere to write a report into.'],
    [['--output', 'package.json/audit.html'], 2, 'package.json is no folder'],
    [['--output', 'src'], 2, 'src is a folder: name a file'],
  ])('is refused before anything is read: %j', async (words, expected, sentence) => {
    const { code, stdout, stderr } = await runCli(['audit', ...words], engines.env);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(expected);
  });

  it('says by its exit code what was found when nobody reads it', async () => {
    await plant([sent(1)]);
    const child = spawn(process.execPath, [mainFile, 'audit', '--log-only'], {
      env: { ...process.env, ...engines.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([1, null]);
  });

  it('stays the one before when an audit cannot be made', async () => {
    const file = join(folder, 'audit.html');
    writeFileSync(file, 'the report of yesterday');
    const words = ['audit', '--format', 'html', '--output', file];
    const gone = { ...engines.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const { code } = await runCli(words, gone);
    expect(code).toBe(3);
    expect(readFileSync(file, 'utf8')).toBe('the report of yesterday');
    expect(readdirSync(folder)).toEqual(['audit.html']);
  });
});
