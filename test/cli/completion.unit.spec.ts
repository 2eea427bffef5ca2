import { Argument, Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/commands/completion.ts';
import { completedCommands } from '../../src/cli/completion/completed-commands.ts';
import { knownWords } from '../../src/cli/completion/known-words.ts';
import { fishQuote, shellQuote } from '../../src/cli/completion/shell-quote.ts';
import { shells } from '../../src/cli/completion/shells.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { allProjections } from '../../src/projections/all-projections.ts';

const program = buildProgram();

describe.each(shells)('the script for %s', (shell) => {
  const script = completionScript(program, shell);

  it('has every command and every option that there is', () => {
    for (const { path, commands, options } of completedCommands(program, {})) {
      for (const { name } of commands) expect(script, path).toContain(name);
      const long = shell === 'fish' ? /^--/ : /^$/;
      for (const flag of options.flatMap(({ flags }) => flags)) {
        if (flag.startsWith('--')) expect(script, path).toContain(flag.replace(long, '-l '));
      }
    }
  });

  it('has the words that the program knows', () => {
    for (const { name } of allProjections) expect(script).toContain(name);
    expect(script).toContain('PacketGrabbed');
  });
});

describe('what is completed', () => {
  it('names only places that the program has', () => {
    const places = completedCommands(program, {}).flatMap(({ path }) => {
      const [name = '', sub] = path.split(' ');
      const command = program.commands.find((candidate) => candidate.name() === name);
      const found = sub === undefined ? command : command?.commands.find((each) => each.name() === sub);
      const words = found?.registeredArguments.map((argument) => argument.name()) ?? [];
      const options = found?.options.map((option) => option.long) ?? [];
      return [...words, ...options].map((word) => `${path} ${word}`);
    });
    expect(places).toEqual(expect.arrayContaining(Object.keys(knownWords())));
  });

  it('are choices, paths by their placeholder, and words that are known', () => {
    const some = new Command('some');
    some
      .command('sub')
      .addArgument(new Argument('<shell>').choices(['a', 'b']))
      .argument('<target>')
      .argument('[name...]')
      .option('--out <file>')
      .option('--in <dir>')
      .option('--count <number>')
      .option('--loud');
    const sub = completedCommands(some, { 'sub name': ['x'] }).find(({ path }) => path === 'sub');
    expect(sub?.words).toEqual([
      { takes: { kind: 'words', words: ['a', 'b'] }, variadic: false },
      { takes: { kind: 'folders' }, variadic: false },
      { takes: { kind: 'words', words: ['x'] }, variadic: true },
    ]);
    expect(sub?.options.map(({ flags, takes }) => [flags.at(-1), takes?.kind])).toEqual([
      ['--out', 'files'],
      ['--in', 'folders'],
      ['--count', 'anything'],
      ['--loud', undefined],
      ['--help', undefined],
    ]);
  });
});

describe('quoting', () => {
  it('keeps quotes and backslashes what they are', () => {
    expect(shellQuote("it's \\ so")).toBe(`'it'\\''s \\ so'`);
    expect(fishQuote("it's \\ so")).toBe("'it\\'s \\\\ so'");
  });
});
