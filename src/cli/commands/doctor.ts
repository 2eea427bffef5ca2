import { limits } from '../../config/limits.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { allChecks } from '../doctor/all-checks.ts';
import { countVerdicts, exitCodeOfFindings, reportLines } from '../doctor/report.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { type Environment, openWorld } from '../doctor/world.ts';
import { printLine, stdoutWritten } from '../output.ts';

/**
 * `hongbao doctor`: looks at everything that hongbao needs, whatever of it runs, and changes nothing. Wrong settings
 * are one of its findings. Answers 1 when there is a problem.
 */
export async function doctor(env: Environment, json: boolean): Promise<number> {
  const runtime = systemRuntime();
  const world = openWorld(env, runtime);
  const { findings, gaveUp } = await runChecks(allChecks, world, {
    timers: runtime.timers,
    limitMs: limits.doctor.checkMs,
  });
  if (json) printLine(JSON.stringify({ counts: countVerdicts(findings), findings }));
  else for (const line of reportLines(findings)) printLine(line);
  const exitCode = exitCodeOfFindings(findings);
  if (gaveUp) {
    // What hangs is not waited for any longer.
    await stdoutWritten();
    process.exit(exitCode);
  }
  await world.close();
  return exitCode;
}
