/**
 * A subscription, served by reading the log again and again from where it stands:
 *
 *     catching up --at the end--> caught up --more than a bound behind--> fell behind = catching up
 *
 * Nothing is pushed to it and nothing queues for it: it reads when its socket takes more, and sleeps at the
 * log's end. So a slow subscriber costs the node one chunk of memory, however far it is behind.
 */
import { limits } from '../../../src/config/limits.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { type EventSequence, logSequence, streamSequence } from './event-sequence.ts';
import type { EventStore } from './event-store.ts';
import type { GrpcCall } from './grpc-call.ts';
import type { ReadPlan } from './read-request.ts';
import {
  caughtUpFrame,
  checkpointFrame,
  confirmationFrame,
  eventFrame,
  fellBehindFrame,
} from './read-responses.ts';

/** Serves until the call is over. */
export async function serveSubscription(
  call: GrpcCall,
  store: EventStore,
  runtime: Runtime,
  plan: ReadPlan,
): Promise<void> {
  const sequence = plan.stream === undefined ? logSequence(store) : streamSequence(store, plan.stream);
  const output = new ChunkWriter(call);
  const interval = plan.filter?.checkpointIntervalEvents ?? Number.POSITIVE_INFINITY;
  let next = nextIndex(plan, sequence);
  let caughtUp = false;
  let sinceCheckpoint = 0;
  let scanned = 0;
  await call.write(confirmationFrame(runtime.ids.next()));
  while (!call.signal.aborted) {
    const seen = store.lastPosition;
    const end = sequence.last();
    if (caughtUp && end - next >= limits.eventNode.fellBehindEvents) {
      caughtUp = false;
      await output.add(fellBehindFrame());
    }
    for (; next <= end && !call.signal.aborted; next++) {
      if (++scanned % limits.eventNode.scanSliceEvents === 0) await runtime.timers.sleep(0);
      const record = sequence.at(next);
      if (record !== undefined && plan.filter?.matches(record) !== false) {
        const full = output.add(eventFrame(record, plan.uuidForm));
        if (full !== undefined) await full;
      }
      if (++sinceCheckpoint >= interval) {
        sinceCheckpoint = 0;
        await output.add(checkpointFrame(next));
      }
    }
    if (!caughtUp && next > sequence.last()) {
      caughtUp = true;
      // Where it stands is said once more here: an idle filtered subscription would not hear it otherwise.
      if (plan.filter !== undefined && end >= sequence.first) await output.add(checkpointFrame(next - 1));
      await output.add(caughtUpFrame());
    }
    await output.flush();
    await store.moved(seen, call.signal);
  }
}

/** A subscription begins after the place that it names. */
function nextIndex(plan: ReadPlan, sequence: EventSequence): number {
  if (plan.from === 'start') return sequence.first;
  return plan.from === 'end' ? sequence.last() + 1 : plan.from + 1;
}
