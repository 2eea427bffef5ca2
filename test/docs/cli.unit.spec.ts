import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/cli-error.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { allProjections } from '../../src/projections/all-projections.ts';
import { readDoc, sectionOf, tableRows } from './read-doc.ts';

const text = readDoc('docs/cli.md');
/** Every command with its full name, commands of commands included. */
const commands = buildProgram().commands.flatMap((command) => [
  { name: command.name(), command },
  ...command.commands.map((sub) => ({ name: `${command.name()} ${sub.name()}`, command: sub })),
]);

describe('docs/cli.md', () => {
  it('lists the commands that there are, in their order', () => {
    const listed = tableRows(text).map(([command]) => /^\[`([\w ]+)`\]/.exec(command ?? '')?.[1]);
    expect(listed).toEqual(commands.map(({ name }) => name));
  });

  it.each(commands.map(({ name, command }) => [name, command] as const))(
    'explains each word that %s takes',
    (name, command) => {
      const section = sectionOf(text, name);
      expect(section, `a heading "## ${name}"`).not.toBe('');
      const explained = tableRows(section)
        .map(([word]) => word?.replaceAll('\\|', '|'))
        .filter((word) => word !== undefined);
      const words = [
        ...command.registeredArguments.map((argument) => argument.name()),
        ...command.options.map((option) => option.flags),
      ];
      expect(explained).toEqual(words);
    },
  );

  it('names no option that does not exist', () => {
    const known = new Set(commands.flatMap(({ command }) => command.options.map((option) => option.long)));
    const named = new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
    for (const shared of ['--help', '--version']) named.delete(shared);
    expect([...named].filter((option) => !known.has(option))).toEqual([]);
  });

  it('names every projection', () => {
    const section = sectionOf(text, 'projections rebuild');
    expect(allProjections.map(({ name }) => name).filter((name) => !section.includes(`\`${name}\``))).toEqual(
      [],
    );
  });

  it('explains the exit codes that there are', () => {
    const explained = tableRows(sectionOf(text, 'Exit codes')).map(([code]) => Number(code));
    expect(explained).toEqual(Object.values(exitCodes));
  });
});
