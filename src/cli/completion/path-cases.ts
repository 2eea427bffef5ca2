import type { CompletedCommand, CompletedOption, Values } from './completed-commands.ts';
import { shellQuote } from './shell-quote.ts';

/*
 * What the scripts of bash and zsh share: one walk over the words before the cursor, which finds
 *
 *   cmd        the command, as `/eventstore/verify`
 *   open       the option that waits for a value, as `--data`
 *   words_seen how many words of the command itself there are
 *
 * All that depends on the program is in `case` statements over `cmd`, made from the command tree.
 */

const slashed = (path: string): string =>
  path
    .split(' ')
    .map((word) => (word === '' ? '' : `/${word}`))
    .join('');

/** The pattern of a command in a `case` over the path, with what stands behind it. */
export function at(path: string, ...words: string[]): string {
  return shellQuote([slashed(path), ...words].join(' '));
}

/** The lines of a function body that walks over `$1 ...`, the words behind the program's name. */
export function walkLines(commands: readonly CompletedCommand[]): string[] {
  const children = commands.flatMap(({ path, commands: own }) => own.map(({ name }) => at(path, name)));
  const taking = (variadic: boolean): string[] =>
    commands.flatMap(({ path, options }) =>
      options
        .filter((option) => option.takes !== undefined && option.variadic === variadic)
        .flatMap(({ flags }) => flags.map((flag) => at(path, flag))),
    );
  return [
    "cmd='' open='' words_seen=0",
    'local word several=0',
    'for word in "$@"; do',
    '  if [[ -z $word || $word == "=" ]]; then continue; fi',
    '  if [[ -n $open && $word != -* ]]; then',
    "    if (( ! several )); then open=''; fi",
    '    continue',
    '  fi',
    "  open='' several=0",
    '  case "$cmd $word" in',
    ...caseLines(taking(false), ['open=$word']),
    ...caseLines(taking(true), ['open=$word several=1']),
    ...caseLines(children, ['cmd="$cmd/$word"']),
    "    *' '-*) ;;",
    '    *) words_seen=$((words_seen + 1)) ;;',
    '  esac',
    'done',
  ].map((line) => `  ${line}`);
}

function caseLines(patterns: readonly string[], body: readonly string[]): string[] {
  return patterns.length === 0 ? [] : [`    ${patterns.join(' | ')}) ${body.join('; ')} ;;`];
}

/** How a shell offers things. Each is the body of a case. */
export interface Offers {
  /** `undefined`: nothing is known that could be offered. */
  readonly values: (values: Values) => string | undefined;
  readonly commands: (commands: CompletedCommand['commands']) => string;
  readonly options: (options: readonly CompletedOption[]) => string;
  /** True in the shell when something has been offered. */
  readonly isAnyOffered: string;
}

/** The lines that offer what may stand at the cursor, after the walk: over `cmd`, `open`, `words_seen` and `cur`. */
export function offerLines(commands: readonly CompletedCommand[], offers: Offers): string[] {
  return [
    'if [[ -n $open && $cur != -* ]]; then',
    '  case "$cmd $open" in',
    ...optionValueLines(commands, offers.values),
    '  esac',
    '  return',
    'fi',
    'if [[ $cur != -* ]]; then',
    '  case "$cmd" in',
    ...commands
      .filter(({ commands: own }) => own.length > 0)
      .map(({ path, commands: own }) => `    ${at(path)}) ${offers.commands(own)} ;;`),
    '  esac',
    '  case "$cmd $words_seen" in',
    ...wordValueLines(commands, offers.values),
    '  esac',
    `  (( ${offers.isAnyOffered} )) && return`,
    'fi',
    'case "$cmd" in',
    ...commands.map(({ path, options }) => `  ${at(path)}) ${offers.options(options)} ;;`),
    'esac',
  ].map((line) => `  ${line}`);
}

/** A case for each option that takes something known, over `$cmd $open`. */
function optionValueLines(
  commands: readonly CompletedCommand[],
  offer: (values: Values) => string | undefined,
): string[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, takes }) => {
      const body = takes === undefined ? undefined : offer(takes);
      return body === undefined ? [] : [`    ${flags.map((flag) => at(path, flag)).join(' | ')}) ${body} ;;`];
    }),
  );
}

/** A case for each word of a command that is something known, over `$cmd $words_seen`. */
function wordValueLines(
  commands: readonly CompletedCommand[],
  offer: (values: Values) => string | undefined,
): string[] {
  return commands.flatMap(({ path, words }) =>
    words.flatMap(({ takes, variadic }, index) => {
      const body = offer(takes);
      if (body === undefined) return [];
      return [`    ${variadic ? `${at(path)}' '*` : at(path, String(index))}) ${body} ;;`];
    }),
  );
}
