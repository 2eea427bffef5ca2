import type { PacketId } from '../domain/ids.ts';
import type { SentPacket } from '../domain/packet/packet-state.ts';
import { streams } from '../domain/streams.ts';
import type { Position } from './event-log.ts';
import type { WriteScope } from './write-scope.ts';

/** A packet that was sent. What is asked of it here never changes, so that any age will do. */
export async function sentPacket(
  { aggregates }: Pick<WriteScope, 'aggregates'>,
  packetId: PacketId,
): Promise<SentPacket | undefined> {
  const stream = streams.packet(packetId);
  const cached = await aggregates.packet.load(stream, { maxAgeMs: Number.POSITIVE_INFINITY });
  if (cached.state.status !== 'none') return cached.state;
  const { state } = await aggregates.packet.load(stream, { maxAgeMs: 0 });
  return state.status === 'none' ? undefined : state;
}

/** A packet as it was no longer than `peekAgeMs` ago, and where in the log its stream ends. */
export async function newestPacket(
  { aggregates, peekAgeMs }: Pick<WriteScope, 'aggregates' | 'peekAgeMs'>,
  packetId: PacketId,
): Promise<{ readonly state: SentPacket; readonly position: Position } | undefined> {
  const { state, position } = await aggregates.packet.load(streams.packet(packetId), { maxAgeMs: peekAgeMs });
  return state.status === 'none' ? undefined : { state, position };
}
