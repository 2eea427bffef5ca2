import type { Timers } from '../../runtime/runtime.ts';
import type { ReadinessCheck } from '../gateway-deps.ts';

export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

/**
 * A check that says in time whether it is passed: one that has not answered after `answerMs` has failed. It goes on,
 * and who asks meanwhile waits for the same, so that checks of a part that is silent do not gather. Never rejects.
 */
export function boundedCheck(
  check: ReadinessCheck,
  answerMs: number,
  timers: Pick<Timers, 'sleep'>,
): () => Promise<CheckResult> {
  let underWay: Promise<CheckResult> | undefined;
  return async () => {
    underWay ??= resultOf(check).finally(() => {
      underWay = undefined;
    });
    const answered = new AbortController();
    const silent: CheckResult = { ok: false, detail: `no answer within ${answerMs} ms` };
    try {
      return await Promise.race([underWay, timers.sleep(answerMs, answered.signal).then(() => silent)]);
    } finally {
      answered.abort();
    }
  };
}

async function resultOf(check: ReadinessCheck): Promise<CheckResult> {
  try {
    const found = await check();
    if (found === undefined) return { ok: true };
    return typeof found === 'string' ? { ok: false, detail: found } : { ok: true, detail: found.passed };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
