import type { Runtime } from '../../runtime/runtime.ts';
import type { Check } from './check.ts';
import { type Finding, problem, wordsOf } from './finding.ts';
import type { World } from './world.ts';

export interface CheckedFinding extends Finding {
  readonly check: string;
}

export interface Examination {
  /** In the order of the checks. */
  readonly findings: readonly CheckedFinding[];
  /** Whether a check was given up, and may keep the process alive. */
  readonly gaveUp: boolean;
}

/**
 * Runs all checks side by side, each for itself: one that throws, or takes longer than `limitMs`, is a finding, and
 * the others go on.
 */
export async function runChecks(
  checks: readonly Check[],
  world: World,
  { timers, limitMs }: { readonly timers: Runtime['timers']; readonly limitMs: number },
): Promise<Examination> {
  let gaveUp = false;
  const each = checks.map(async (check): Promise<CheckedFinding[]> => {
    const limit = Promise.withResolvers<readonly Finding[]>();
    const timer = timers.after(limitMs, () => {
      gaveUp = true;
      limit.resolve([late(limitMs)]);
    });
    const found = await Promise.race([look(check, world), limit.promise]);
    timer.cancel();
    return found.map((finding) => ({ check: check.name, ...finding }));
  });
  const findings = (await Promise.all(each)).flat();
  return { findings, gaveUp };
}

async function look(check: Check, world: World): Promise<readonly Finding[]> {
  try {
    return await check.look(world);
  } catch (error) {
    return [problem(`This could not be looked at: ${wordsOf(error)}.`, 'See to what the sentence says.')];
  }
}

function late(limitMs: number): Finding {
  return problem(
    `There was no answer within ${limitMs / 1000} s.`,
    'Look at what it asks: it is overloaded, hangs, or a firewall drops what is sent to it.',
  );
}
