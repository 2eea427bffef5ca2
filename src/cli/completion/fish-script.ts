import type { CompletedCommand, CompletedOption, Values } from './completed-commands.ts';
import { fishQuote } from './shell-quote.ts';

/** The script that `hongbao completion fish | source` reads. It runs nothing of hongbao while completing. */
export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const taking = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takes }) => takes !== undefined)
      .flatMap(({ flags }) => flags.map((flag) => fishQuote(`${path} ${flag}`.trim()))),
  );
  const children = commands.flatMap(({ path, commands: own }) =>
    own.map(({ name }) => fishQuote(`${path} ${name}`.trim())),
  );
  const pathOf = `__${program}_path`;
  return `${[
    `# Completes ${program} in fish: ${program} completion fish | source`,
    `function ${pathOf} --description 'the command before the cursor, and how many words it has'`,
    "    set -l path ''",
    '    set -l seen 0',
    '    set -l skip 0',
    '    for word in (commandline -opc)[2..-1]',
    '        if test $skip = 1',
    '            set skip 0',
    '            continue',
    '        end',
    '        set -l next (string trim -- "$path $word")',
    '        if contains -- $next ' + taking.join(' '),
    '            set skip 1',
    '        else if contains -- $next ' + children.join(' '),
    '            set path $next',
    "        else if not string match -q -- '-*' $word",
    '            set seen (math $seen + 1)',
    '        end',
    '    end',
    '    echo "$path"',
    '    echo $seen',
    'end',
    `function __${program}_at --description 'whether this is the command before the cursor'`,
    `    set -l found (${pathOf})`,
    '    test "$found[1]" = "$argv[1]"; and begin',
    '        not set -q argv[2]; or test $found[2] -ge $argv[2]',
    '    end; and begin',
    '        not set -q argv[3]; or test $found[2] -le $argv[3]',
    '    end',
    'end',
    `complete -c ${program} -f`,
    ...commands.flatMap((command) => linesOf(program, command)),
  ].join('\n')}\n`;
}

/** More words than anybody writes: for a word that may be repeated. */
const anyNumber = 9999;

function linesOf(program: string, { path, commands, options, words }: CompletedCommand): string[] {
  const when = (...range: number[]): string =>
    `complete -c ${program} -n ${fishQuote([`__${program}_at`, fishQuote(path), ...range].join(' '))}`;
  return [
    ...commands.map(
      ({ name, description }) => `${when(0, 0)} -a ${fishQuote(name)} -d ${fishQuote(description)}`,
    ),
    ...words.flatMap(({ takes, variadic }, index) => {
      const offered = offer(takes);
      return offered === '' ? [] : [`${when(index, variadic ? anyNumber : index)}${offered}`];
    }),
    ...options.map(
      (option) => `${when()}${flagsOf(option)}${takesOf(option)} -d ${fishQuote(option.description)}`,
    ),
  ];
}

function flagsOf({ flags }: CompletedOption): string {
  return flags
    .map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`))
    .join('');
}

function takesOf({ takes }: CompletedOption): string {
  if (takes === undefined) return '';
  return takes.kind === 'files' ? ' -r -F' : ` -x${offer(takes)}`;
}

function offer(values: Values): string {
  switch (values.kind) {
    case 'anything':
      return '';
    case 'files':
      return ' -F';
    case 'folders':
      return " -a '(__fish_complete_directories)'";
    case 'words':
      return ` -a ${fishQuote(values.words.join(' '))}`;
  }
}
