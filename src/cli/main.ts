import { exitCodeOf } from './cli-error.ts';
import { watchOutput } from './output.ts';
import { buildProgram } from './program.ts';

watchOutput();

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  const exitCode = exitCodeOf(error);
  if (exitCode === undefined || !(error instanceof Error)) throw error;
  process.stderr.write(`hongbao: ${error.message}\n`);
  process.exitCode = exitCode;
}
