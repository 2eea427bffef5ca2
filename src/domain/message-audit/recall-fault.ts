import { domainLimits } from '../domain-limits.ts';

/** What is recalled: a message, and whether it was recalled before. */
export interface Recalled {
  readonly senderId: string;
  readonly timeMs: number;
  readonly recalledBefore: boolean;
}

/** What is wrong with a recall at `timeMs` by `by`, rule M4; `undefined` when nothing is. */
export function recallFault(
  { seq, by, timeMs }: { readonly seq: number; readonly by: string; readonly timeMs: number },
  message: Recalled,
): string | undefined {
  if (message.senderId !== by) {
    return `The message with seq ${seq}, of user ${message.senderId}, is recalled by user ${by}`;
  }
  const ageMs = timeMs - message.timeMs;
  if (ageMs > domainLimits.conversation.recallWindowMs) {
    return `The message with seq ${seq} is recalled ${ageMs} ms after it was sent`;
  }
  return message.recalledBefore ? `The message with seq ${seq} is recalled twice` : undefined;
}
