import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { logDestination } from '../../../infra/log-destination.ts';
import { runSupervisor } from '../../../infra/supervisor/run-supervisor.ts';
import type { Settings } from '../../config/settings.ts';
import { systemRuntime } from '../../runtime/system-runtime.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { openLogFile } from '../log-file.ts';
import { note, printLine } from '../output.ts';

/** `hongbao up`, which says when it is ready. Answers the exit code when everything has stopped. */
export async function up(settings: Settings, json: boolean): Promise<number> {
  // A developer's terminal stays readable; in production the log goes where the service manager collects it.
  const logFile = settings.environment === 'development' ? openLogFile(settings.dataFolder) : undefined;
  const logger = pino({ level: settings.logLevel }, logDestination(logFile?.descriptor ?? 2));
  const end = await runSupervisor({
    settings,
    app: {
      file: fileURLToPath(new URL('../app-process.ts', import.meta.url)),
      nodeOptions: ['--optimize-for-size'],
    },
    stderr: logFile?.descriptor ?? 'inherit',
    onReady: ({ httpUrl, projectorUrls, pid }) => {
      if (json) {
        const log = logFile?.path ?? null;
        printLine(
          JSON.stringify({
            url: httpUrl,
            dataFolder: settings.dataFolder,
            log,
            projectors: projectorUrls,
            pid,
          }),
        );
        return;
      }
      printLine(`hongbao is ready at ${httpUrl}`);
      printLine(`  data    ${settings.dataFolder}`);
      printLine(`  API     ${httpUrl}/docs`);
      if (projectorUrls.length > 0) printLine(`  health  ${projectorUrls.join(' ')} (projectors)`);
      if (logFile) printLine(`  log     ${logFile.path}`);
      printLine('  stop    Ctrl-C');
    },
    onStopping: () => note('stopping; Ctrl-C again hurries'),
    runtime: systemRuntime(),
    logger,
  });
  if (end.kind === 'asked') return exitCodes.ok;
  throw new CliError(end.sentence, exitCodes.unavailable);
}
