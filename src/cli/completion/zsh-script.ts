import type { CompletedCommand, CompletedOption, Values } from './completed-commands.ts';
import { offerLines, walkLines } from './path-cases.ts';
import { shellQuote } from './shell-quote.ts';

/** The script that `source <(hongbao completion zsh)` reads. It runs nothing of hongbao while completing. */
export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  return `${[
    `#compdef ${program}`,
    `# Completes ${program} in zsh: source <(${program} completion zsh)`,
    `${name}_walk() {`,
    ...walkLines(commands),
    '}',
    `${name}() {`,
    `  local cmd open words_seen cur="\${words[CURRENT]}"`,
    '  local -a offered',
    `  ${name}_walk "\${(@)words[2,CURRENT-1]}"`,
    ...offerLines(commands, {
      values: offer,
      commands: (own) => described('commands', own.map(entry)),
      options: (options) => described('options', options.flatMap(optionEntries)),
      isAnyOffered: 'compstate[nmatches]',
    }),
    '}',
    // Read by `source`, or found in a folder of $fpath and called by the completion itself.
    `if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi`,
  ].join('\n')}\n`;
}

function offer(values: Values): string | undefined {
  if (values.kind === 'anything') return undefined;
  if (values.kind === 'words') return `compadd -- ${values.words.map(shellQuote).join(' ')}`;
  return values.kind === 'files' ? '_files' : '_files -/';
}

function described(tag: string, entries: readonly string[]): string {
  return `offered=(${entries.map(shellQuote).join(' ')}); _describe -t ${tag} ${tag} offered`;
}

const entry = ({ name, description }: { readonly name: string; readonly description: string }): string =>
  `${name.replaceAll(':', '\\:')}:${description}`;

const optionEntries = ({ flags, description }: CompletedOption): string[] =>
  flags.map((flag) => entry({ name: flag, description }));
