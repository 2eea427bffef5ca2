import type { Argument, Command, Option } from 'commander';

/** What may stand in a place: anything, a path, or one of some words. */
export type Values =
  | { readonly kind: 'anything' | 'files' | 'folders' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface CompletedOption {
  /** `-t`, `--type` */
  readonly flags: readonly string[];
  readonly description: string;
  /** What it takes; undefined when it takes nothing. */
  readonly takes: Values | undefined;
  /** Whether it takes several. */
  readonly variadic: boolean;
}

/** One command, as a shell completes it. */
export interface CompletedCommand {
  /** The words after the program's name: `eventstore verify`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** What its words may be, in order; the last one stands for all further ones when it is variadic. */
  readonly words: readonly { readonly takes: Values; readonly variadic: boolean }[];
}

/** By `<path> <name of the option or argument>`, such as `replay --type`: the words that may stand there. */
export type KnownWords = Readonly<Record<string, readonly string[]>>;

/** The program and all its commands, commands of commands included. */
export function completedCommands(program: Command, known: KnownWords): CompletedCommand[] {
  const commands = walk(program, '', known);
  // Commander makes it, and lists it among no command's own.
  const names = program.commands.map((command) => command.name());
  const takes: Values = { kind: 'words', words: names };
  return [...commands, { path: 'help', commands: [], options: [], words: [{ takes, variadic: false }] }];
}

function walk(command: Command, path: string, known: KnownWords): CompletedCommand[] {
  const help = command.createHelp();
  const own: CompletedCommand = {
    path,
    commands: help
      .visibleCommands(command)
      .map((child) => ({ name: child.name(), description: help.subcommandDescription(child) })),
    options: help.visibleOptions(command).map((option) => completedOption(option, path, known)),
    words: command.registeredArguments.map((argument) => ({
      takes: valuesOf(argument, argument.name(), path, known),
      variadic: argument.variadic,
    })),
  };
  const children = command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`.trim(), known));
  return [own, ...children];
}

function completedOption(option: Option, path: string, known: KnownWords): CompletedOption {
  const { short, long, description, required, optional, variadic } = option;
  const [, placeholder = ''] = /[<[]([\w|]+)/.exec(option.flags) ?? [];
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    takes: required || optional ? valuesOf(option, placeholder, path, known, long) : undefined,
    variadic,
  };
}

/** Paths are told by their placeholder: `<dir>`, `<file>`. */
function valuesOf(
  { argChoices }: Pick<Argument | Option, 'argChoices'>,
  placeholder: string,
  path: string,
  known: KnownWords,
  name = placeholder,
): Values {
  const words = argChoices ?? known[`${path} ${name}`];
  if (words !== undefined) return { kind: 'words', words };
  if (/^(dir|folder|target)$/.test(placeholder)) return { kind: 'folders' };
  return { kind: /^(file|path)$/.test(placeholder) ? 'files' : 'anything' };
}
