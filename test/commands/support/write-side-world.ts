import { pino } from 'pino';
import type { RequestContext, RequestOf, RequestType } from '../../../src/commands/requests.ts';
import type { WriteSide, WriteSideOptions } from '../../../src/commands/write-side.ts';
import { openWriteSide } from '../../../src/commands/write-side.ts';
import type { ClientMessageId, ConversationId, DeviceId, PacketId, UserId } from '../../../src/domain/ids.ts';
import { directConversationId } from '../../../src/domain/ids.ts';
import { createMasterKey } from '../../../src/vault/master-key.ts';
import type { PasswordHasher } from '../../../src/vault/password-hasher.ts';
import { InMemoryEventLog } from '../../support/in-memory-event-log.ts';
import type { VirtualRuntime } from '../../support/virtual-runtime.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';
import type { InMemoryStores } from './in-memory-stores.ts';
import { inMemoryStores } from './in-memory-stores.ts';
import { InMemoryVault } from './in-memory-vault.ts';
import { MortalLog } from './mortal-log.ts';

export interface Person {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
}

/** A log, a vault and stores that outlive any number of write sides, which come and go on them as processes do. */
export interface World {
  readonly log: InMemoryEventLog;
  readonly vault: InMemoryVault;
  readonly stores: InMemoryStores;
  readonly runtime: VirtualRuntime;
  /** Starts a write side: a process. */
  start(options?: Partial<WriteSideOptions>): Promise<Process>;
}

export interface Process extends WriteSide {
  readonly mortal: MortalLog;
  /** As kill -9: nothing of it happens any more, and its leases run out. */
  kill(): void;
}

/** Makes no secret of a password, in no time. */
const quickPasswords: PasswordHasher = {
  hash: async (password) => `quick:${password}`,
  verify: async (phc, password) => phc === `quick:${password}`,
  verifyPin: async (takeTry, pin) => (await takeTry()) === `quick:${pin}`,
};

export function world(seed = 1): World {
  const log = new InMemoryEventLog();
  const vault = new InMemoryVault();
  const stores = inMemoryStores();
  const runtime = virtualRuntime({ seed });
  const masterKey = createMasterKey([{ version: 1, bytes: new Uint8Array(32).fill(7) }], runtime.random);
  return {
    log,
    vault,
    stores,
    runtime,
    async start(options = {}) {
      const mortal = new MortalLog(log);
      const side = await openWriteSide({
        eventLog: mortal.log,
        vault,
        stores,
        masterKey,
        runtime,
        logger: pino({ level: 'silent' }),
        sandboxMoney: true,
        passwords: quickPasswords,
        ...options,
      });
      const kill = (): void => {
        mortal.kill();
        stores.leases.held.clear();
      };
      return { ...side, mortal, kill };
    },
  };
}

/** A request context; `change` makes it a retry, or gives it an id. */
export function contextOf(
  { runtime }: World,
  person: Person,
  change: Partial<RequestContext> = {},
): RequestContext {
  return {
    ...person,
    commandId: runtime.ids.next(),
    correlationId: runtime.ids.next(),
    retry: false,
    ...change,
  };
}

/** Executes a request, moving virtual time as far as it takes. */
export function ask<Type extends RequestType>(
  it: World,
  side: WriteSide,
  person: Person,
  type: Type,
  request: RequestOf<Type>,
  change: Partial<RequestContext> = {},
) {
  return it.runtime.settle(side.commands.execute(type, request, contextOf(it, person, change)));
}

/** As `ask`, for a request that must be accepted. */
export async function done<Type extends RequestType>(
  it: World,
  side: WriteSide,
  person: Person,
  type: Type,
  request: RequestOf<Type>,
  change: Partial<RequestContext> = {},
) {
  const outcome = await ask(it, side, person, type, request, change);
  if (outcome.kind !== 'accepted') throw new Error(`${type}: ${JSON.stringify(outcome)}`);
  return outcome.answer;
}

/** Registers a person; the user name is also the password and the nickname. */
export async function registered(side: WriteSide, name: string): Promise<Person> {
  const outcome = await side.accounts.register({
    username: name,
    password: `${name}-password`,
    nickname: name,
    deviceName: `${name}'s phone`,
  });
  if (outcome.kind !== 'accepted') throw new Error(`registering ${name}: ${JSON.stringify(outcome)}`);
  const { userId, deviceId } = outcome.answer;
  return { userId, deviceId };
}

export async function befriended(it: World, side: WriteSide, one: Person, other: Person) {
  await done(it, side, one, 'requestFriend', { userId: other.userId, note: 'hello' });
  await done(it, side, other, 'acceptFriend', { userId: one.userId });
  return directConversationId(one.userId, other.userId);
}

/** A packet of two lucky shares, 10 s, unless changed. */
export function packetRequest(
  conversationId: ConversationId,
  change: Partial<RequestOf<'sendPacket'>> = {},
): RequestOf<'sendPacket'> {
  return {
    conversationId,
    clientMsgId: 'packet-1' as ClientMessageId,
    kind: 'lucky',
    totalFen: 1_000,
    count: 2,
    ttlSeconds: 10,
    receivers: [],
    greeting: 'best wishes',
    nonce: '00112233445566778899aabbccddeeff',
    ...change,
  };
}

export const text = (words: string) => ({ kind: 'text', text: words }) as const;

export const messageId = (id: string) => id as ClientMessageId;

export function eventsOf(it: World, type: string) {
  return it.log.events.filter((event) => event.type === type);
}

/** What the wallets, the open packets and the credits under way hold, from the log alone. */
export function moneyIn(it: World) {
  let inWallets = 0;
  let deposited = 0;
  const packets = new Map<PacketId, { rest: number; owed: number }>();
  const balances = new Map<string, number>();
  const move = (userId: string, fen: number): void => {
    balances.set(userId, (balances.get(userId) ?? 0) + fen);
    inWallets += fen;
  };
  for (const { type, data } of it.log.events) {
    const fact = data as { userId: string; amountFen: number; packetId: PacketId; totalFen: number };
    const { userId, amountFen, packetId } = fact;
    const packet = packets.get(packetId) ?? { rest: 0, owed: 0 };
    switch (type) {
      case 'FundsDeposited':
        deposited += amountFen;
        move(userId, amountFen);
        break;
      case 'PacketFunded': {
        const { terms } = data as { terms: { packetId: PacketId } };
        packets.set(terms.packetId, { rest: amountFen, owed: 0 });
        move(userId, -amountFen);
        break;
      }
      case 'PacketGrabbed':
        packets.set(packetId, { rest: packet.rest - amountFen, owed: packet.owed + amountFen });
        break;
      case 'PacketRefunded':
      case 'PacketCancelled':
        packets.set(packetId, { rest: packet.rest - amountFen, owed: packet.owed + amountFen });
        break;
      case 'GrabCredited':
      case 'RefundCredited':
        packets.set(packetId, { rest: packet.rest, owed: packet.owed - amountFen });
        move(userId, amountFen);
        break;
    }
  }
  const inPackets = [...packets.values()].reduce((sum, { rest }) => sum + rest, 0);
  const underWay = [...packets.values()].reduce((sum, { owed }) => sum + owed, 0);
  return { deposited, inWallets, inPackets, underWay, balances };
}
