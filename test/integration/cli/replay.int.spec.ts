import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EventNode, startEventNode } from '../../../infra/eventstore/embedded/node.ts';
import { createEventStoreEventLog } from '../../../infra/eventstore/eventstore-event-log.ts';
import type { EventLog } from '../../../src/commands/event-log.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { streams } from '../../../src/domain/streams.ts';
import { systemRuntime } from '../../../src/runtime/system-runtime.ts';
import { aDomainEvent, anEvent } from '../../support/an-event.ts';
import {
  alice,
  bob,
  carol,
  clientMsgId,
  expiresAtSecond,
  groupChat,
  packetTerms,
  sealed,
  seedHex,
  theGroup,
} from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const mainFile = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const logger = pino({ level: 'silent' });
const runtime = systemRuntime();

/** An event node with a log on it. `replay` needs no database: the one that it is told of is not there. */
interface Store {
  readonly log: EventLog;
  readonly env: Readonly<Record<string, string>>;
  /** Stops the node, and gives what starts it again at the same place. */
  interrupt(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

async function startStore(): Promise<Store> {
  const dataDir = temporaryFolder();
  const start = (port: number): Promise<EventNode> =>
    startEventNode({ dataDir, host: '127.0.0.1', port, logger, runtime });
  let node = await start(0);
  const { url } = node;
  const log = createEventStoreEventLog({ url, runtime, logger });
  return {
    log,
    env: { ESDB_URL: url, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
    async interrupt() {
      await node.close();
      return async () => {
        node = await start(Number(new URL(url).port));
      };
    },
    async close() {
      await log.close();
      await node.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const terms = packetTerms({ kind: 'equal', totalFen: 100, count: 2 });
const packet = terms.packetId;

/** Alice's packet with two grabs, beside other things that happened: what, so many ms into the history, by whom. */
const history: readonly (readonly [string, number, DomainEvent, string?])[] = [
  [
    streams.account(alice),
    0,
    {
      type: 'AccountRegistered',
      data: { userId: alice, username: sealed('user-box'), nickname: sealed('nick-box') },
    },
  ],
  [
    streams.group(theGroup),
    5,
    {
      type: 'GroupCreated',
      data: {
        groupId: theGroup,
        ownerId: alice,
        name: sealed('name-box', theGroup),
        memberIds: [bob, carol],
      },
    },
  ],
  [streams.wallet(alice), 10, { type: 'WalletOpened', data: { userId: alice } }],
  [
    streams.wallet(alice),
    20,
    { type: 'FundsDeposited', data: { userId: alice, amountFen: 1_000, providerRef: 'in-1' } },
  ],
  [
    streams.wallet(alice),
    30,
    { type: 'PacketFunded', data: { userId: alice, amountFen: 100, terms, clientMsgId: clientMsgId(1) } },
  ],
  [streams.packet(packet), 30, { type: 'PacketSent', data: terms }],
  [
    streams.conversation(groupChat),
    31,
    {
      type: 'MessageSent',
      data: {
        conversationId: groupChat,
        senderId: alice,
        clientMsgId: clientMsgId(1),
        messageNo: 1,
        kind: 'packet',
        body: sealed('body'),
        packetId: packet,
      },
    },
  ],
  [
    streams.packet(packet),
    40,
    {
      type: 'PacketGrabbed',
      data: { packetId: packet, userId: bob, shareIndex: 0, amountFen: 50, expiresAtSecond },
    },
    bob,
  ],
  [
    streams.wallet(bob),
    41,
    {
      type: 'GrabCredited',
      data: { userId: bob, packetId: packet, shareIndex: 0, amountFen: 50, expiresAtSecond },
    },
    'system:settle',
  ],
  [
    streams.packet(packet),
    50,
    {
      type: 'PacketGrabbed',
      data: { packetId: packet, userId: carol, shareIndex: 1, amountFen: 50, expiresAtSecond },
    },
    carol,
  ],
  [
    streams.packet(packet),
    50,
    { type: 'PacketExhausted', data: { packetId: packet, senderId: alice, luckiest: bob, seed: seedHex } },
    carol,
  ],
];

describe('hongbao replay', () => {
  let store: Store;

  beforeAll(async () => {
    store = await startStore();
    for (const [stream, ms, event, actor = alice] of history) {
      const metadata = { timeMs: startMs + ms, actor, $correlationId: `request-of-${actor}` };
      await store.log.append(stream, 'any', [aDomainEvent(event, metadata)]);
    }
  });

  afterAll(() => store.close());

  const typesOf = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await runCli(['replay', ...args, '--json'], store.env);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).type);
  };

  it.each<[string[], string[]]>([
    [
      ['--category', 'group', 'account'],
      ['AccountRegistered', 'GroupCreated'],
    ],
    [
      ['--packet', packet],
      [
        'PacketFunded',
        'PacketSent',
        'MessageSent',
        'PacketGrabbed',
        'GrabCredited',
        'PacketGrabbed',
        'PacketExhausted',
      ],
    ],
    [
      ['--packet', packet, '--user', carol],
      ['PacketGrabbed', 'PacketExhausted'],
    ],
    [
      ['--user', bob, '--type', 'GrabCredited', 'GroupCreated'],
      ['GroupCreated', 'GrabCredited'],
    ],
    [
      ['--correlation', `request-of-${carol}`],
      ['PacketGrabbed', 'PacketExhausted'],
    ],
    [
      ['--stream', streams.wallet(alice), '--from', '2026-01-01T00:00:00.020Z'],
      ['FundsDeposited', 'PacketFunded'],
    ],
    [
      ['--from', '2026-01-01T00:00:00.031Z', '--until', '2026-01-01T00:00:00.041Z'],
      ['MessageSent', 'PacketGrabbed'],
    ],
  ])('%j prints what meets all of it', async (args, types) => {
    expect(await typesOf(...args)).toEqual(types);
  });

  it('prints CSV that spreadsheets and programs read, and how much it read beside it', async () => {
    const { code, stdout, stderr } = await runCli(
      ['replay', '--category', 'packet', '--type', 'PacketGrabbed', '--format', 'csv'],
      store.env,
    );
    const lines = stdout.split('\r\n');
    expect(lines.map((line) => line.split(',').slice(4, 9))).toEqual([
      ['type', 'actor', 'userId', 'packetId', 'amountFen'],
      ['PacketGrabbed', bob, bob, packet, '50'],
      ['PacketGrabbed', carol, carol, packet, '50'],
      [],
    ]);
    expect(stderr).toBe('replay: printed 2 of 4 events read\n');
    expect(code).toBe(0);
  });

  describe('--as-of', () => {
    const open = '2026-01-01T00:00:00.045Z';

    it.each<[string, string, string[]]>([
      ['account', alice, ['status        active', `username      (sealed for ${alice})`]],
      ['wallet', alice, ['owner         account active', '= balance                 9.00 yuan']],
      ['packet', packet, ['status        open', 'taken         1 of 2 shares', 'remaining     0.50 yuan']],
      ['group', theGroup, ['members       3', `              ${alice}  owner`]],
    ])('prints the state of a %s', async (kind, id, lines) => {
      const { code, stdout } = await runCli(['replay', '--as-of', open, `--${kind}`, id], store.env);
      expect(stdout.split('\n')).toEqual(expect.arrayContaining([`${kind.padEnd(14)}${id}`, ...lines]));
      expect(stdout).not.toMatch(/-box/);
      expect(code).toBe(0);
    });

    it('prints it as JSON, and the seed of a packet only where that had ended', async () => {
      const state = async (asOf: string) => {
        const { stdout } = await runCli(['replay', '--as-of', asOf, '--packet', packet, '--json'], store.env);
        return { stdout, ...JSON.parse(stdout) };
      };
      const then = await state(open);
      expect(then).toMatchObject({ packet, asOf: { timeMs: startMs + 45 }, last: { revision: 1 } });
      expect(then.state).toMatchObject({ status: 'open', remainingFen: 50, end: null });
      expect(then.stdout).not.toContain(seedHex);
      expect((await state('now')).state).toMatchObject({ status: 'exhausted', end: { seed: seedHex } });
    });

    it.each([
      [['--wallet', carol], `There is no wallet ${carol}.`, 1],
      [
        ['--packet', packet],
        `There was no packet ${packet} as of position 1: its first event is at position`,
        1,
      ],
      [['--group', 'friends'], '"friends" is no id for --group', 2],
    ])('%j has no state: a sentence and a code of its own', async (args, sentence, exitCode) => {
      const { code, stdout, stderr } = await runCli(['replay', '--as-of', '1', ...args], store.env);
      expect(stderr).toContain(`hongbao: ${sentence}`);
      expect(stdout).toBe('');
      expect(code).toBe(exitCode);
    });
  });
});

describe('hongbao replay --follow', () => {
  let store: Store;
  let child: ChildProcess | undefined;

  afterEach(async () => {
    child?.kill('SIGKILL');
    await store.close();
  });

  /** Starts a follower; `out` and `err` give its lines one by one. */
  function follow(...args: string[]) {
    const started = spawn(process.execPath, [mainFile, 'replay', '--follow', ...args], {
      env: { ...process.env, ...store.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const exited = once(started, 'exit');
    const linesOf = (stream: NodeJS.ReadableStream) => {
      const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
      return async (): Promise<string | undefined> => (await lines.next()).value;
    };
    return { started, exited, out: linesOf(started.stdout), err: linesOf(started.stderr) };
  }

  const append = (stream: string, name: string) =>
    store.log.append(stream, 'any', [anEvent({ name }, 'Named')]);
  const nameIn = (line: string | undefined): string => JSON.parse(line ?? '').data.name;
  const live = 'All that was there is printed; what comes will be. Ctrl-C ends it.';

  it('prints what is there and what comes, across a restart of the store, until Ctrl-C', async () => {
    store = await startStore();
    await append('a-1', 'past');
    await append('b-1', 'other');
    const { started, exited, out, err } = follow('--category', 'a', '--json');
    expect(nameIn(await out())).toBe('past');
    expect(await err()).toBe(live);
    await append('b-1', 'other');
    await append('a-2', 'new');
    expect(nameIn(await out())).toBe('new');

    const restart = await store.interrupt();
    expect(await err()).toBe('hongbao: a read of the event store broke and is resumed');
    await restart();
    await append('a-1', 'after');
    expect(nameIn(await out())).toBe('after');

    started.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });

  it('ends well when nobody reads it any more', async () => {
    store = await startStore();
    const { started, exited, err } = follow('--stream', 'a-1');
    expect(await err()).toBe(live);
    started.stdout.destroy();
    await append('a-1', 'unread');
    expect(await exited).toEqual([0, null]);
    expect(await err()).toBeUndefined();
  });

  it('ends with its range', async () => {
    store = await startStore();
    const first = await append('a-1', 'first');
    const position = first.kind === 'appended' ? first.position : 0n;
    const { exited, out, err } = follow('--category', 'a', '--until', `${position + 1n}`, '--json');
    expect(nameIn(await out())).toBe('first');
    expect(await err()).toBe(live);
    await append('b-1', 'of another category, at the end');
    expect(await exited).toEqual([0, null]);
    expect(await out()).toBeUndefined();
  });
});

describe('a long replay whose reader has seen enough', () => {
  let store: Store;
  afterEach(() => store.close());

  it('ends in silence with code 0', async () => {
    store = await startStore();
    for (let batch = 0; batch < 20; batch += 1) {
      await store.log.append(
        'a-1',
        'any',
        Array.from({ length: 500 }, () => anEvent({ text: 'x'.repeat(200) })),
      );
    }
    const child = spawn(process.execPath, [mainFile, 'replay'], {
      env: { ...process.env, ...store.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await exited).toEqual([0, null]);
    expect(Buffer.concat(errors).toString()).toBe('');
  });
});
