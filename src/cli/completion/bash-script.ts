import type { CompletedCommand, Values } from './completed-commands.ts';
import { offerLines, walkLines } from './path-cases.ts';
import { shellQuote } from './shell-quote.ts';

/** The script that `source <(hongbao completion bash)` reads. It runs nothing of hongbao while completing. */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  return `${[
    `# Completes ${program} in bash: source <(${program} completion bash)`,
    `${name}_walk() {`,
    ...walkLines(commands),
    '}',
    `${name}() {`,
    `  local cur="\${COMP_WORDS[COMP_CWORD]}" cmd open words_seen`,
    `  [[ $cur == "=" ]] && cur=''`,
    `  ${name}_walk "\${COMP_WORDS[@]:1:COMP_CWORD-1}"`,
    // Names of files may have spaces: what is offered stands on a line each.
    "  local IFS=$'\\n'",
    '  COMPREPLY=()',
    ...offerLines(commands, {
      values: offer,
      commands: (own) => words(own.map(({ name: command }) => command)),
      options: (options) => words(options.flatMap(({ flags }) => flags)),
      isAnyOffered: `\${#COMPREPLY[@]}`,
    }),
    '}',
    `complete -F ${name} ${program}`,
  ].join('\n')}\n`;
}

function offer(values: Values): string | undefined {
  if (values.kind === 'anything') return undefined;
  if (values.kind === 'words') return words(values.words);
  return `compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -${values.kind === 'files' ? 'f' : 'd'} -- "$cur"))`;
}

function words(offered: readonly string[]): string {
  return `COMPREPLY+=($(compgen -W ${shellQuote(offered.join('\n'))} -- "$cur"))`;
}
