import { performance } from 'node:perf_hooks';
import { sum } from '../harness/statistics.ts';
import type { GrabAnswer, GrabSystem, PacketSize } from './grab-system.ts';

/** Hot packets one after another, each grabbed by every user at once. */
export interface Rounds {
  /** From the first grab of a packet to the last answer, over all packets; sending them is not in it. */
  readonly grabbingMs: number;
  readonly wonMs: readonly number[];
  readonly refusedMs: readonly number[];
  readonly overGrabs: number;
  /** What the winners were told, less the packets' totals. */
  readonly sumErrorFen: number;
}

export async function playRounds(system: GrabSystem, rounds: number, size: PacketSize): Promise<Rounds> {
  const played: Rounds[] = [];
  for (let round = 0; round < rounds; round += 1) played.push(await playRound(system, size));
  return {
    grabbingMs: sum(played.map(({ grabbingMs }) => grabbingMs)),
    wonMs: played.flatMap(({ wonMs }) => wonMs),
    refusedMs: played.flatMap(({ refusedMs }) => refusedMs),
    overGrabs: sum(played.map(({ overGrabs }) => overGrabs)),
    sumErrorFen: sum(played.map(({ sumErrorFen }) => sumErrorFen)),
  };
}

async function playRound(system: GrabSystem, size: PacketSize): Promise<Rounds> {
  const packetId = await system.sendPacket(size);
  const beganMs = performance.now();
  const grabs = await Promise.all(
    Array.from({ length: system.users }, async (_, user) => {
      const answer = await system.grab(user, packetId);
      return { answer, tookMs: performance.now() - beganMs };
    }),
  );
  const grabbingMs = performance.now() - beganMs;
  const tookMs = (kind: GrabAnswer['kind']): number[] =>
    grabs.filter(({ answer }) => answer.kind === kind).map((grab) => grab.tookMs);
  return { grabbingMs, wonMs: tookMs('won'), refusedMs: tookMs('refused'), ...faultsOf(grabs, size) };
}

/** Every user asks once and there are more users than shares: all shares must be gone, each once. */
function faultsOf(grabs: readonly { readonly answer: GrabAnswer }[], { totalFen, shares }: PacketSize) {
  const won = grabs.flatMap(({ answer }) => (answer.kind === 'won' ? [answer] : []));
  const unexpected = grabs.flatMap(({ answer }) =>
    answer.kind === 'refused' && answer.code !== 'packet-exhausted' ? [answer.code] : [],
  );
  if (unexpected.length > 0)
    throw new Error(`grabs were refused with ${[...new Set(unexpected)].join(', ')}`);
  const differentShares = new Set(won.map(({ shareIndex }) => shareIndex)).size;
  return {
    overGrabs: won.length - Math.min(differentShares, shares),
    sumErrorFen: Math.abs(sum(won.map(({ amountFen }) => amountFen)) - totalFen),
  };
}
