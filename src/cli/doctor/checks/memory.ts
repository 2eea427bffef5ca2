import { totalmem } from 'node:os';
import { limits } from '../../../config/limits.ts';
import { bytesInWords } from '../bytes-in-words.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, warning } from '../finding.ts';

/** How much memory there is, by the machine or the container, and how much is left. */
export const memoryCheck: Check = {
  name: 'memory',
  look: async () => [
    judgeMemory({
      machineBytes: totalmem(),
      containerBytes: process.constrainedMemory(),
      freeBytes: process.availableMemory(),
    }),
  ],
};

export interface MemoryFacts {
  readonly machineBytes: number;
  /** 0, or more than the machine has: it is not constrained. */
  readonly containerBytes: number;
  readonly freeBytes: number;
}

export function judgeMemory({ machineBytes, containerBytes, freeBytes }: MemoryFacts): Finding {
  const isConstrained = containerBytes > 0 && containerBytes < machineBytes;
  const totalBytes = isConstrained ? containerBytes : machineBytes;
  const who = isConstrained ? 'container' : 'machine';
  const sentence = `The ${who} has ${bytesInWords(totalBytes)} of memory, of which ${bytesInWords(freeBytes)} are free.`;
  const { memoryBytesWarn, memoryFreeBytesWarn } = limits.doctor;
  if (totalBytes < memoryBytesWarn) {
    return warning(
      sentence,
      `Give it at least ${bytesInWords(memoryBytesWarn)}: aggregates alone may fill half.`,
    );
  }
  if (freeBytes < memoryFreeBytesWarn) {
    return warning(sentence, 'End other programs or add memory: without any left the system ends processes.');
  }
  return ok(sentence);
}
