import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { limits } from '../../../config/limits.ts';
import { count } from '../../progress.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';

/** Whether a process may open as many files and sockets as a gateway takes connections. */
export const fileDescriptorsCheck: Check = {
  name: 'open files',
  look: async () => [judgeDescriptors(descriptorLimit())],
};

/** Of a process of ours; `Infinity` without one, `undefined` when the system has none to tell. */
function descriptorLimit(): number | undefined {
  if (process.platform === 'win32') return undefined;
  const text =
    process.platform === 'linux'
      ? /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
      : execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

export function judgeDescriptors(most: number | undefined): Finding {
  if (most === undefined || Number.isNaN(most))
    return skipped('This system does not say how many there may be.');
  const { connectionsMax } = limits.gateway;
  const { otherDescriptors, descriptorsMin } = limits.doctor;
  const told = most === Number.POSITIVE_INFINITY ? 'any number of' : count(most);
  const needed = connectionsMax + otherDescriptors;
  if (most >= needed) return ok(`A process may open ${told} files, enough for all that a gateway takes.`);
  const sentence =
    `A process may open ${told} files, and a gateway at its bound of ${count(connectionsMax)} connections ` +
    `needs ${count(needed)}: it takes about ${count(Math.max(0, most - otherDescriptors))} connections.`;
  const advice =
    'Raise the limit if so many clients come: LimitNOFILE= of the systemd unit, or `ulimit -n` before the start.';
  return most < descriptorsMin ? problem(sentence, advice) : warning(sentence, advice);
}
