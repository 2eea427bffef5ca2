/**
 * A subscription, served by reading the log again and again from where it stands:
 *
 *     catching up --at the end--> caught up --more than a bound behind--> fell behind = catching up
 *
 * Nothing is pushed to it and nothing queues for it: it reads when its socket takes more, and sleeps at the
 * log's end. So a slow subscriber costs the node one chunk of memory, however far it is behind.
 */
import { limits } from '../../../../src/config/limits.ts';
import { isShown } from './event-filter.ts';
import { SequenceScan, type SequenceWindow } from '../storage/event-sequence.ts';
import { streamDeleted } from '../grpc/grpc-status.ts';
import type { ReadPlan } from './read-request.ts';
import { type Reading, sequenceOf } from './read-target.ts';
import {
  caughtUpFrame,
  checkpointFrame,
  confirmationFrame,
  eventFrame,
  fellBehindFrame,
} from './read-responses.ts';

/** Serves until the call is over. */
export async function serveSubscription({
  call,
  output,
  store,
  runtime,
  turns,
  plan,
  resolve,
}: Reading): Promise<void> {
  const sequence = sequenceOf(store, plan, runtime.clock);
  const interval = plan.filter?.checkpointIntervalEvents ?? Number.POSITIVE_INFINITY;
  const scan = new SequenceScan(sequence, firstIndex(plan, sequence.window()), 1);
  let caughtUp = false;
  let sinceCheckpoint = 0;
  let scanned = 0;
  await call.write(confirmationFrame(runtime.ids.next()));
  while (!call.signal.aborted) {
    const seen = store.lastPosition;
    const window = sequence.window();
    if (window.status === 'deleted') throw streamDeleted(plan.stream ?? '');
    if (caughtUp && window.last - scan.index >= limits.eventNode.fellBehindEvents) {
      caughtUp = false;
      await output.add(fellBehindFrame());
    }
    for (
      let record = scan.next(window);
      record !== undefined && !call.signal.aborted;
      record = scan.next(window)
    ) {
      if (++scanned % limits.eventNode.scanSliceEvents === 0) await runtime.timers.sleep(0);
      const shown = record !== 'hidden' && isShown(record, plan.filter, turns);
      if (record !== 'hidden' && (typeof shown === 'boolean' ? shown : await shown)) {
        const full = output.add(eventFrame(resolve(record), plan.uuidForm));
        if (full !== undefined) await full;
      }
      if (++sinceCheckpoint >= interval) {
        sinceCheckpoint = 0;
        await output.add(checkpointFrame(scan.index - 1));
      }
    }
    if (!caughtUp && sequence.window().last === window.last) {
      caughtUp = true;
      // Where it stands is said once more here: an idle filtered subscription would not hear it otherwise.
      if (plan.filter !== undefined && seen > 0) await output.add(checkpointFrame(scan.index - 1));
      await output.add(caughtUpFrame());
    }
    await output.flush();
    await store.moved(seen, call.signal);
  }
}

/** A subscription begins after the place that it names. */
function firstIndex(plan: ReadPlan, { last }: SequenceWindow): number {
  if (plan.from === 'start') return 0;
  return plan.from === 'end' ? last + 1 : plan.from + 1;
}
