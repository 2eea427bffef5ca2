import { Argument, type Command } from 'commander';
import { shells } from '../completion/shells.ts';
import { printLine } from '../output.ts';
import { examples } from './examples.ts';

/** Those that help with the others. */
export function addHelpCommands(program: Command): void {
  program
    .command('doctor')
    .description(
      'Look at everything that hongbao needs, and say what to do about what is wrong; change nothing.',
    )
    .option('--json', 'print the findings as one JSON object')
    .addHelpText(
      'after',
      examples(
        'hongbao doctor',
        'hongbao doctor --json | jq \'.findings[] | select(.verdict == "problem")\'',
      ),
    )
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('../commands/doctor.ts');
      process.exitCode = await doctor(process.env, options.json === true);
    });

  program
    .command('completion')
    .description('Print the script that makes a shell complete the words of hongbao.')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText(
      'after',
      examples(
        'source <(hongbao completion bash)',
        'source <(hongbao completion zsh)',
        'hongbao completion fish | source',
      ),
    )
    .action(async (shell: (typeof shells)[number]) => {
      const { completionScript } = await import('../commands/completion.ts');
      printLine(completionScript(program, shell));
    });
}
