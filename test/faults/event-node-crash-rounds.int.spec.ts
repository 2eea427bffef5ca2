/** The event node under concurrent load, killed with -9 round after round, against a model of its answers. */
import { randomInt } from 'node:crypto';
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, describe, expect, test } from 'vitest';
import { runtime, temporaryFolder } from '../integration/eventstore/support.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';
import type { AppendAttempt, AppendOutcome, Attempts } from './event-node/attempts.ts';
import { differencesFromLog, placeInLog } from './event-node/compare-with-log.ts';
import { type FaultyNode, startFaultyNode } from './event-node/faulty-node.ts';
import { sendAppend } from './event-node/send.ts';
import { readStoredLog, type StoredLog } from './event-node/stored-log.ts';
import { CONTENDED, runWriters } from './event-node/writers.ts';

/** `EVENT_NODE_CRASH_ROUNDS=200 npm test -- --tier int event-node-crash` is the proof. */
const rounds = Number(process.env.EVENT_NODE_CRASH_ROUNDS ?? '10');
/** `EVENT_NODE_CRASH_SEED=7 ...` draws the same kills again. */
const seed = Number(process.env.EVENT_NODE_CRASH_SEED ?? randomInt(1, 2 ** 31));
/** Then a fresh folder: what is written is read from end to end in every round. */
const roundsPerFolder = 20;
const writers = 24;
const acknowledgedBeforeKill = { min: 1, max: 400 };
/** Changes of names in a compaction, and one more. */
const compactionSteps = 8;
const turnsBeforeKillMax = 30;
const secondsPerRound = 60;

type Kill = 'under load' | 'while committing' | 'while scavenging' | 'while compacting' | 'while starting';
/** In the first rounds each once, then drawn. */
const kills: readonly Kill[] = [
  'under load',
  'while committing',
  'while scavenging',
  'while compacting',
  'while starting',
];

describe(`the event node, killed in ${rounds} rounds (seed ${seed})`, () => {
  const { random } = virtualRuntime({ seed });
  const fraction = (): number => random.fraction();
  const below = (count: number): number => Math.floor(fraction() * count);
  const tally = new Map<string, number>();
  const count = (what: string, by = 1): Map<string, number> => tally.set(what, (tally.get(what) ?? 0) + by);
  const children: FaultyNode[] = [];
  let folder = temporaryFolder();
  let dataDir = join(folder.path, 'data');
  let attempts: Attempts = { appends: [], ends: [] };
  let startMs = 500;

  afterAll(async () => {
    for (const { child, gone } of children) {
      child.kill('SIGKILL');
      await gone;
    }
    folder.remove();
  });

  function start(): FaultyNode {
    const node = startFaultyNode(dataDir);
    children.push(node);
    return node;
  }

  async function served(node: FaultyNode): Promise<EventStoreDBClient> {
    const beganMs = runtime.clock.monotonicMs();
    const url = await node.listening;
    startMs = runtime.clock.monotonicMs() - beganMs;
    return EventStoreDBClient.connectionString(url);
  }

  /** Kills it at a random instant before it serves, or a little later. Any instant will do, and none is waited for. */
  async function killWhileStarting(): Promise<void> {
    const node = start();
    const timer = runtime.timers.after(fraction() * startMs * 1.1, () => node.child.kill('SIGKILL'));
    const listened = await node.listening.then(
      () => true,
      () => false,
    );
    node.child.kill('SIGKILL');
    timer.cancel();
    const complaint = await node.gone;
    expect(complaint).toBe('');
    count(listened ? 'kills just after a start' : 'kills before it served');
  }

  /** Sends again what had no answer, twice: what is in the log answers as if it had been heard the first time. */
  async function resendUnanswered(client: EventStoreDBClient, log: StoredLog): Promise<void> {
    const revisions = new Map(log.lastRevisions);
    let { lastPosition } = log;
    for (const attempt of attempts.appends) {
      if (attempt.outcome.kind !== 'unknown') continue;
      const current = revisions.get(attempt.stream) ?? -1;
      const place = placeInLog(attempt, log);
      const answer = await sendAppend(client, attempt);
      const described = JSON.stringify({ attempt, current, lastPosition, place, answer });
      expect(answer.kind, described).toBe(answerTo(attempt, log, current));
      count(place ? 'unanswered appends that were written' : 'unanswered appends that were not');
      if (place !== undefined) {
        attempt.outcome = { kind: 'appended', revision: place.revision, position: place.position };
        if (answer.kind === 'appended') expect(answer, described).toEqual(attempt.outcome);
      } else {
        attempt.outcome = answer;
        if (answer.kind === 'appended') {
          expect(answer.revision, described).toBe(current + attempt.ids.length);
          expect(answer.position, described).toBeGreaterThanOrEqual(lastPosition + attempt.ids.length);
          revisions.set(attempt.stream, answer.revision);
          lastPosition = answer.position;
        }
      }
      const beganAgain = attempt.expected === 'no-stream' && current >= 0;
      if (!beganAgain) expect(await sendAppend(client, attempt), described).toEqual(answer);
    }
  }

  /** Lets the writers work until the kill. */
  async function killUnderLoad(node: FaultyNode, client: EventStoreDBClient, kill: Kill, round: number) {
    const target = acknowledgedBeforeKill.min + below(acknowledgedBeforeKill.max);
    const scavenges = kill === 'while scavenging' || kill === 'while compacting';
    const scavengeAt = scavenges ? Math.max(1, target - below(40)) : Number.POSITIVE_INFINITY;
    // Writes to the data file; or a new file, its readers, a new name, removals.
    let changesLeft = 1 + below(8);
    let acknowledged = 0;
    const scavenge = { asked: false, done: false };
    let watcher: FSWatcher | undefined;
    const die = (): void => {
      node.child.kill('SIGKILL');
      watcher?.close();
    };
    // The answers of one commit come together: some turns later the next one is being written.
    const dieAfterTurns = (turns: number): void => {
      if (turns === 0) die();
      else setImmediate(() => dieAfterTurns(turns - 1));
    };
    const dieAtChanges = (kind: 'rename' | 'change'): void => {
      watcher = watch(dataDir, (event) => {
        if (event === kind && --changesLeft <= 0) die();
      });
    };
    node.child.on('message', (message) => {
      expect(message).toBe('scavenged');
      scavenge.done = true;
      if (kill === 'while compacting') die();
    });
    await runWriters({
      client,
      count: writers,
      prefix: `s${round}`,
      fraction,
      attempts,
      acknowledged: () => {
        acknowledged++;
        if (acknowledged >= scavengeAt && !scavenge.asked) {
          scavenge.asked = true;
          if (kill === 'while compacting') {
            if (fraction() < 0.3) dieAtChanges('rename');
            else node.child.send(`die-at ${1 + below(compactionSteps)}`);
          }
          node.child.send('scavenge');
        }
        if (acknowledged !== target || kill === 'while compacting') return;
        if (kill === 'while committing') dieAtChanges('change');
        else dieAfterTurns(below(turnsBeforeKillMax));
      },
    });
    watcher?.close();
    expect(await node.gone).toBe('');
    count('acknowledged', acknowledged);
    if (scavenge.asked && !scavenge.done) count('kills with a scavenge under way');
    const dataFiles = readdirSync(dataDir).filter((name) => /^events\b.*(mdb|compact)$/.test(name));
    if (dataFiles.length > 1) count('kills that left two data files');
  }

  test(
    'keeps what it acknowledged, whole, once, in its place, and nothing by half',
    async () => {
      for (let round = 0; round < rounds; round++) {
        if (round % roundsPerFolder === 0 && round > 0) {
          folder.remove();
          folder = temporaryFolder();
          dataDir = join(folder.path, 'data');
          attempts = { appends: [], ends: [] };
        }
        const kill = kills[round < kills.length ? round : below(kills.length)]!;
        count(`rounds ${kill}`);
        if (kill === 'while starting') await killWhileStarting();
        const before = await readStoredLog(dataDir);
        const node = start();
        const client = await served(node);
        await resendUnanswered(client, before);
        await killUnderLoad(node, client, kill === 'while starting' ? 'under load' : kill, round);
        await client.dispose();
        const log = await readStoredLog(dataDir);
        expect(differencesFromLog(attempts, log).slice(0, 20), `round ${round}, ${kill}`).toEqual([]);
        children.length = 0;
      }
      const figures = JSON.stringify(Object.fromEntries([...tally].sort()));
      process.stdout.write(`event node crash rounds (seed ${seed}): ${figures}\n`);
    },
    rounds * secondsPerRound * 1_000,
  );
});

/** What a resend must answer. */
function answerTo(attempt: AppendAttempt, log: StoredLog, currentRevision: number): AppendOutcome['kind'] {
  const { expected, stream } = attempt;
  const place = placeInLog(attempt, log);
  // A stream that began again knows nothing of having begun so before: EventStoreDB refuses that resend too.
  if (place !== undefined)
    return expected === 'no-stream' && place.firstRevision > 0 ? 'refused' : 'appended';
  const beginsAgain = expected === 'no-stream' && !stream.endsWith(CONTENDED);
  const current = (expected === 'no-stream' ? -1 : expected) === currentRevision;
  return expected === 'any' || current || beginsAgain ? 'appended' : 'refused';
}
