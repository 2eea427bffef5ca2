import type { EventLog, RecordedEvent } from '../../../commands/event-log.ts';
import type { MessageAudit } from '../../../domain/message-audit/message-audit.ts';
import { type Recalled, recallFault } from '../../../domain/message-audit/recall-fault.ts';
import type { Suspect } from '../../../domain/message-audit/suspects.ts';
import { upcast } from '../../../domain/upcast.ts';

type SentTwice = Extract<Suspect, { readonly kind: 'sent-twice' }>;
type Recall = Extract<Suspect, { readonly kind: 'recall' }>;

/**
 * Reads again what a message audit could not tell for sure, and confirms what is a violation. Each stream with
 * suspected messages is read once, from its start; a recall costs the message and what came between. Throws the
 * signal's reason when that is aborted, between two of them.
 */
export async function confirmSuspects(
  log: EventLog,
  audit: MessageAudit,
  signal?: AbortSignal,
): Promise<void> {
  const messages = new Map<string, SentTwice[]>();
  for (const suspect of audit.takeSuspects()) {
    signal?.throwIfAborted();
    if (suspect.kind === 'recall') {
      const detail = await faultOf(log, suspect);
      if (detail !== undefined) audit.confirm(suspect, detail);
    } else {
      const ofStream = messages.get(suspect.stream) ?? [];
      ofStream.push(suspect);
      messages.set(suspect.stream, ofStream);
    }
  }
  for (const [stream, suspects] of messages) {
    signal?.throwIfAborted();
    await confirmSentTwice(log, audit, stream, suspects);
  }
}

async function confirmSentTwice(
  log: EventLog,
  audit: MessageAudit,
  stream: string,
  suspects: readonly SentTwice[],
): Promise<void> {
  const byRevision = new Map(suspects.map((suspect) => [suspect.revision, suspect]));
  const firstSeqs = new Map<string, number | undefined>(suspects.map((each) => [sentKey(each), undefined]));
  const last = suspects.at(-1)?.revision ?? 0;
  for await (const recorded of log.readStream(stream)) {
    if (recorded.revision > last) break;
    const event = domainEventOf(recorded);
    if (event.type !== 'MessageSent') continue;
    const key = sentKey(event.data);
    if (!firstSeqs.has(key)) continue;
    const firstSeq = firstSeqs.get(key);
    const suspect = byRevision.get(recorded.revision);
    if (firstSeq === undefined) firstSeqs.set(key, recorded.revision + 1);
    else if (suspect !== undefined) {
      const { senderId, clientMsgId } = suspect;
      audit.confirm(
        suspect,
        `User ${senderId} sent the message with seq ${firstSeq} with the same clientMsgId ${clientMsgId}`,
      );
    }
  }
}

/** What is wrong with a recall, going by its stream. */
async function faultOf(log: EventLog, recall: Recall): Promise<string | undefined> {
  const { stream, revision, seq } = recall;
  let message: Recalled | undefined;
  for await (const recorded of log.readStream(stream, { from: seq - 1 })) {
    if (recorded.revision >= revision) break;
    const event = domainEventOf(recorded);
    if (recorded.revision === seq - 1) {
      if (event.type !== 'MessageSent') return `What has seq ${seq} is no message but ${event.type}`;
      message = { senderId: event.data.senderId, timeMs: recorded.metadata.timeMs, recalledBefore: false };
      // One that is too old is told at once: what came between is then much.
      const fault = recallFault(recall, message);
      if (fault !== undefined) return fault;
    } else if (message !== undefined && event.type === 'MessageRecalled' && event.data.seq === seq) {
      return recallFault(recall, { ...message, recalledBefore: true });
    }
  }
  return message === undefined ? `There is no message with seq ${seq}` : undefined;
}

function domainEventOf({ type, metadata, data }: RecordedEvent) {
  return upcast(type, metadata.schemaVersion, data);
}

/** User ids have no space in them, so that two pairs never make one key. */
function sentKey({
  senderId,
  clientMsgId,
}: {
  readonly senderId: string;
  readonly clientMsgId: string;
}): string {
  return `${senderId} ${clientMsgId}`;
}
