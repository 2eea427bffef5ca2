import type { PacketId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { ClockGuard } from './clock-guard.ts';
import { derivedIds } from './derived-ids.ts';
import { EventLogUnavailable } from './event-log.ts';
import { seedOf } from './packet-secrets.ts';
import type { RefundOutcome } from './refund-port.ts';
import { sentPacket } from './sent-packet.ts';
import type { WriteScope } from './write-scope.ts';

/** What `RefundPort` promises. */
export async function refundPacket(
  scope: Pick<WriteScope, 'aggregates' | 'masterKey'> & {
    readonly clockGuard: ClockGuard;
    readonly busyRetryAfterMs: number;
  },
  packetId: PacketId,
): Promise<RefundOutcome> {
  const pausedMs = scope.clockGuard.pausedMs();
  if (pausedMs > 0) return { kind: 'retry', afterMs: pausedMs, cause: 'clock' };
  try {
    const packet = await sentPacket(scope, packetId);
    if (packet === undefined) return unavailable(scope.busyRetryAfterMs);
    const commandId = derivedIds.step('refund-packet', packetId);
    const outcome = await scope.aggregates.packet.execute(streams.packet(packetId), {
      command: { type: 'RefundPacket', seed: seedOf(scope.masterKey, packet.terms) },
      commandId,
      bodyHash: bodyHashOf({ packetId }),
      actor: 'system:scheduler',
      correlationId: commandId,
      causationId: commandId,
    });
    switch (outcome.kind) {
      case 'accepted':
        return { kind: 'ended', refunded: true };
      case 'busy':
        return { kind: 'retry', afterMs: outcome.retryAfterMs, cause: 'busy' };
      case 'unknown':
        return unavailable(scope.busyRetryAfterMs);
      case 'rejected':
        switch (outcome.rejection.code) {
          case 'packet-exhausted':
          case 'packet-cancelled':
            return { kind: 'ended', refunded: false };
          case 'packet-not-expired':
            return { kind: 'not-expired', expiresAtSecond: packet.terms.expiresAtSecond };
          default:
            return unavailable(scope.busyRetryAfterMs);
        }
    }
  } catch (error) {
    if (error instanceof EventLogUnavailable) return unavailable(scope.busyRetryAfterMs);
    throw error;
  }
}

function unavailable(afterMs: number): RefundOutcome {
  return { kind: 'retry', afterMs, cause: 'unavailable' };
}
