import type { CompletedCommand, Values } from './completed-commands.ts';
import { at, flagsOf, optionValueLines, walkLines, wordValueLines } from './path-cases.ts';
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
    '  if [[ -n $open && $cur != -* ]]; then',
    '    case "$cmd $open" in',
    ...optionValueLines(commands, offer).map((line) => `  ${line}`),
    '    esac',
    '    return',
    '  fi',
    '  if [[ $cur != -* ]]; then',
    '    case "$cmd" in',
    ...commands
      .filter(({ commands: own }) => own.length > 0)
      .map(({ path, commands: own }) => `      ${at(path)}) ${words(own.map((child) => child.name))} ;;`),
    '    esac',
    '    case "$cmd $words_seen" in',
    ...wordValueLines(commands, offer).map((line) => `  ${line}`),
    '    esac',
    `    (( \${#COMPREPLY[@]} )) && return`,
    '  fi',
    '  case "$cmd" in',
    ...commands.map(({ path, options }) => `    ${at(path)}) ${words(flagsOf(options))} ;;`),
    '  esac',
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
