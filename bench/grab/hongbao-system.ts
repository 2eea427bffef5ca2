import { randomBytes } from 'node:crypto';
import { auditLog } from '../../src/cli/commands/audit/audit-log.ts';
import type { SpawnedServer } from '../../src/cli/spawn-server.ts';
import { withLog } from '../../src/cli/with-log.ts';
import { type Client, ClientError } from '../../src/client/index.ts';
import { domainLimits } from '../../src/domain/domain-limits.ts';
import type { ClientMessageId, ConversationId, PacketId } from '../../src/domain/ids.ts';
import { imbalanceFen } from '../../src/domain/ledger/money-rules.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';
import { type BenchData, benchData } from '../harness/bench-server.ts';
import { registerCrowd } from '../harness/crowd.ts';
import type { GrabAnswer, GrabSystem, MoneyCheck } from './grab-system.ts';

/** Long enough that no packet of a bench expires. */
const packetTtlSeconds = 3_600;
/** Money rule 3. */
const overGrabRule = 3;

/**
 * The whole of hongbao in one app process, and its users in a group, each with the SDK. They get every push that
 * users get, and acknowledge what they get.
 */
export async function startHongbao(users: number): Promise<GrabSystem> {
  const data = benchData();
  try {
    const server = await data.start();
    try {
      return await grabSystem(data, server, users);
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    data.remove();
    throw error;
  }
}

async function grabSystem(data: BenchData, server: SpawnedServer, users: number): Promise<GrabSystem> {
  const runtime = systemRuntime();
  const [sender, ...grabbers] = await registerCrowd(server.url, users + 1);
  if (sender === undefined) throw new Error('nobody was registered');
  await Promise.all([sender, ...grabbers].map((client) => client.connect()));
  const conversationId = await groupOf(sender, grabbers);
  await sender.request('deposit', {
    amountFen: domainLimits.wallet.transferFenMax,
    providerRef: `bench-${runtime.ids.next()}`,
  });

  return {
    users,
    async sendPacket({ totalFen, shares }) {
      const sent = await sender.request('sendPacket', {
        conversationId,
        clientMsgId: runtime.ids.next() as ClientMessageId,
        kind: 'lucky',
        totalFen,
        count: shares,
        ttlSeconds: packetTtlSeconds,
        receivers: [],
        greeting: '',
        nonce: randomBytes(16).toString('hex'),
      });
      return sent.data.packetId;
    },
    grab(user, packetId) {
      const client = grabbers[user];
      if (client === undefined) throw new RangeError(`there is no user ${user}`);
      return grab(client, packetId as PacketId);
    },
    checkMoney: () => audit(data),
    async close() {
      for (const client of [sender, ...grabbers]) client.disconnect();
      await server.stop();
      data.remove();
    },
  };
}

async function groupOf(sender: Client, members: readonly Client[]): Promise<ConversationId> {
  const memberIds = members.flatMap(({ session }) => (session === undefined ? [] : [session.userId]));
  const { data } = await sender.request('createGroup', { name: 'Hot packets', memberIds });
  return data.conversationId;
}

async function grab(client: Client, packetId: PacketId): Promise<GrabAnswer> {
  try {
    const { data } = await client.request('grabPacket', { packetId });
    return { kind: 'won', amountFen: data.amountFen, shareIndex: data.shareIndex };
  } catch (error) {
    if (error instanceof ClientError) return { kind: 'refused', code: error.code };
    throw error;
  }
}

/** The money rules over the whole log, as `hongbao audit --log-only` checks them. */
async function audit(data: BenchData): Promise<MoneyCheck> {
  const { terms, violations } = await withLog(data.settings, (log, runtime) => auditLog(log, runtime.clock));
  return {
    overGrabs: violations.filter(({ rule }) => rule === overGrabRule).length,
    imbalanceFen: imbalanceFen(terms),
    problems: violations.map(({ rule, stream, detail }) => `rule ${rule} in ${stream}: ${detail}`),
  };
}
