import type { Command } from 'commander';
import { bashScript } from '../completion/bash-script.ts';
import { completedCommands } from '../completion/completed-commands.ts';
import { fishScript } from '../completion/fish-script.ts';
import { knownWords } from '../completion/known-words.ts';
import type { shells } from '../completion/shells.ts';
import { zshScript } from '../completion/zsh-script.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `hongbao completion`: the script that teaches a shell this program's words, made from the program itself. */
export function completionScript(program: Command, shell: (typeof shells)[number]): string {
  return scripts[shell](program.name(), completedCommands(program, knownWords()));
}
