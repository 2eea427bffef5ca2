import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { streams } from '../../../src/domain/streams.ts';
import { ChangeFeed } from '../../../src/gateway/hub/change-feed.ts';
import { Hub } from '../../../src/gateway/hub/hub.ts';
import { readModels } from '../../../src/gateway/read-models.ts';
import type { ReadSide as Reads } from '../../../src/gateway/read-side.ts';
import { Connection } from '../../../src/gateway/socket/connection.ts';
import { UserDirectory } from '../../../src/gateway/views/user-directory.ts';
import type { BusMessage, ChangeBus } from '../../../src/projections/bus.ts';
import { inProcessBus } from '../../../src/projections/in-process-bus.ts';
import { followPositions, type ProjectionPositions } from '../../../src/projections/projection-positions.ts';
import { walletProjection } from '../../../src/projections/wallet-projection.ts';
import type { PushFrame } from '../../../src/protocol/pushes.ts';
import { alice } from '../../support/domain-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { HistoryWriter } from '../../support/random-history.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';
import { logger, type ReadSide, runtime, startReadSide, untilTrue } from '../projections/support.ts';

/** A projector on a real PostgreSQL, and a gateway's feed, on two ends of a bus that loses what a test says. */
describe('bus messages that are lost', () => {
  let database: TestDatabase;
  let side: ReadSide;
  let writer: HistoryWriter;
  let positions: ProjectionPositions;
  let feed: ChangeFeed;
  let reads: Reads;
  let isLost: (message: BusMessage) => boolean;
  let lost: number;
  /** What Alice's client shows: what it was pushed last, or has read when it was told to. */
  let shownFen: number | undefined;
  let deposits: number;

  beforeEach(async () => {
    database = await createTestDatabase();
    isLost = () => false;
    lost = 0;
    shownFen = undefined;
    deposits = 0;
    const sound = inProcessBus(logger);
    const bus: ChangeBus = {
      ...sound,
      publish(message) {
        if (isLost(message)) lost += 1;
        else sound.publish(message);
      },
    };
    side = startReadSide(database.pool, { bus, projections: [walletProjection] });
    writer = new HistoryWriter(side.log);
    await writer.append(streams.wallet(alice), [{ type: 'WalletOpened', data: { userId: alice } }]);
    await side.settled();

    positions = followPositions(bus, runtime);
    reads = readModels(database.pool, positions);
    const hub = new Hub(async () => []);
    const connection = new Connection({} as WebSocket, 0);
    connection.userId = alice;
    await hub.join(connection, alice);
    const open = async () => '';
    feed = new ChangeFeed({
      bus,
      reads: { progress: () => reads.progress(), waitFor: reads.waitFor, accounts: async () => [] },
      tokens: { revokedDevices: async () => [] },
      hub,
      directory: new UserDirectory({ accounts: async () => [] }, open, runtime),
      open,
      runtime,
      logger,
      push: (_, frame) => show(JSON.parse(String(frame))),
      endSessions: () => undefined,
    });
    await feed.start();
  });
  afterEach(async () => {
    isLost = () => false;
    feed.stop();
    positions.close();
    await side.stop();
    await database.drop();
  });

  function show({ type, data }: PushFrame): void {
    if (type === 'wallet') shownFen = data.balanceFen;
    if (type === 'resync') {
      void reads.balanceFen(alice).then((balanceFen) => {
        shownFen = balanceFen;
      });
    }
  }

  /** Appends one fen, and waits for the row. */
  async function deposit(): Promise<void> {
    deposits += 1;
    const data = { userId: alice, amountFen: 1, providerRef: `deposit ${deposits}` };
    await writer.append(streams.wallet(alice), [{ type: 'FundsDeposited', data }]);
    await untilTrue(async () => (await reads.balanceFen(alice)) === deposits);
  }

  it('at random cost a client a read: in the end it shows what the rows say', async () => {
    const { random } = virtualRuntime({ seed: 5 });
    isLost = () => random.fraction() < 0.5;
    while (lost < 20) await deposit();
    // Nothing of these is told but that checkpoints have moved.
    isLost = ({ kind }) => kind === 'changes' || random.fraction() < 0.5;
    for (const _ of [1, 2, 3]) await deposit();
    await untilTrue(() => shownFen === deposits);
  });

  it('all of them cost a client a read, too: the database is asked when the bus is silent', async () => {
    isLost = () => true;
    for (const _ of [1, 2, 3]) await deposit();
    await untilTrue(() => shownFen === deposits);
    expect(lost).toBeGreaterThan(0);
  });

  it('do not keep those for long who wait for their own write: each waits until it is there', async () => {
    const { random } = virtualRuntime({ seed: 6 });
    isLost = ({ kind }) => kind === 'changes' || random.fraction() < 0.5;
    for (let count = 0; count < 3; count += 1) {
      await deposit();
      const head = await side.log.head();
      // Bounded waits in a row; a heartbeat comes every second, and not all of them are lost.
      while (!(await positions.waitFor(['wallet'], head)));
      expect(await reads.balanceFen(alice)).toBe(deposits);
    }
    isLost = () => true;
    await deposit();
    expect(await positions.waitFor(['wallet'], await side.log.head(), 100)).toBe(false);
  });
});
