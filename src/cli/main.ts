import { CliError } from './cli-error.ts';
import { exitQuietlyOnClosedPipe } from './output.ts';
import { buildProgram } from './program.ts';

exitQuietlyOnClosedPipe();

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`hongbao: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
