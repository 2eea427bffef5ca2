/** The scripts of `hongbao completion` in the shells themselves. Needs bash, zsh and fish. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const hangGuardMs = 60_000;
const folder = temporaryFolder();
const scriptOf = (shell: string): string => join(folder, `script.${shell}`);

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runCli(['completion', shell], {});
    expect([code, stderr]).toEqual([0, '']);
    writeFileSync(scriptOf(shell), stdout);
  }
  mkdirSync(join(folder, 'place/a folder'), { recursive: true });
  writeFileSync(join(folder, 'place/a file.pem'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(file: string, args: readonly string[]): string {
  const cwd = join(folder, 'place');
  const env = { ...process.env, HOME: folder, TERM: 'dumb' };
  return execFileSync(file, args, { cwd, env, encoding: 'utf8', timeout: hangGuardMs });
}

/** What a shell is asked to complete, and what it has to offer. */
const cases: [string[], string[]][] = [
  [['re'], ['rebuild', 'replay']],
  [
    ['eventstore', ''],
    ['backup', 'copy', 'verify'],
  ],
  [['eventstore', 've'], ['verify']],
  [['rebuild', 'fr'], ['friends']],
  [['rebuild', 'friends', '--verify', 'wal'], ['wallet']],
  [['replay', '--type', 'PacketG'], ['PacketGrabbed']],
  [['replay', '--ty'], ['--type']],
  [['replay', '--stream', 'rebuild', '--js'], ['--json']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['help', 'dem'], ['demo']],
];

describe('bash', () => {
  function offered(words: readonly string[]): string[] {
    const script = `source "$1"; shift; COMP_WORDS=(hongbao "$@"); COMP_CWORD=$#; _hongbao
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', ['--norc', '-c', script, 'bash', scriptOf('bash'), ...words])
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }

  it.each(cases)('completes %j', (words, expected) => {
    expect(offered(words)).toEqual(expected);
  });

  it('goes on with an option that takes several, and with a value behind =', () => {
    expect(offered(['replay', '--type', 'PacketSent', 'PacketG'])).toEqual(['PacketGrabbed']);
    expect(offered(['replay', '--type', '=', 'PacketG'])).toEqual(['PacketGrabbed']);
  });

  it('offers files and folders where they belong, spaces in their names or not', () => {
    expect(offered(['eventstore', '--tls-cert', ''])).toEqual(['a file.pem', 'a folder']);
    expect(offered(['eventstore', '--data', ''])).toEqual(['a folder']);
    expect(offered(['eventstore', 'backup', 'a folder', ''])).toEqual(['a folder']);
    expect(offered(['eventstore', '--port', ''])).toEqual([]);
  });

  it('is told of the command by name', () => {
    expect(run('bash', ['--norc', '-c', `source ${scriptOf('bash')}; complete -p hongbao`])).toBe(
      'complete -F _hongbao hongbao\n',
    );
  });
});

describe('fish', () => {
  function offered(line: string): string[] {
    const script = `source ${scriptOf('fish')}; complete -C ${JSON.stringify(`hongbao ${line}`)}`;
    return run('fish', ['--no-config', '-c', script])
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => text.split('\t')[0] ?? '')
      .sort();
  }

  it.each(cases)('completes %j', (words, expected) => {
    expect(offered(words.join(' '))).toEqual(expected);
  });

  it('offers files and folders where they belong', () => {
    expect(offered('eventstore --tls-cert a')).toEqual(['a file.pem', 'a folder/']);
    expect(offered('eventstore --data a')).toEqual(['a folder/']);
  });
});

describe('zsh', () => {
  /** Types into a shell on a terminal of its own, and waits after each key press until `seen` is on it. */
  function typed(keys: readonly (readonly [text: string, seen: string])[]): string {
    const steps = keys.flatMap(([text, seen]) => [
      `zpty -w -n shell $'${text}'`,
      `zpty -r -m shell out '*${seen}*' || exit 9`,
    ]);
    const script = [
      'zmodload zsh/zpty',
      'zpty shell zsh -f -i',
      // The word that it waits for must not be seen in the echo of the command.
      `zpty -w shell "PS1=; autoload -U compinit && compinit -D -u && source ${scriptOf('zsh')} && print re''ady"`,
      "zpty -r -m shell out '*ready*'",
      ...steps,
      'print -r -- seen',
    ];
    return run('zsh', ['-f', '-c', script.join('\n')]);
  }

  it('completes commands, options, and words that the program knows', () => {
    expect(
      typed([
        ['hongbao rebui\\t', 'rebuild'],
        ['frie\\t', 'friends'],
        ['--ver\\t', '--verify'],
      ]),
    ).toBe('seen\n');
  });

  it('completes commands of commands, and folders', () => {
    expect(
      typed([
        ['hongbao eventstore ba\\t', 'backup'],
        ['a\\t', 'folder'],
      ]),
    ).toBe('seen\n');
  });

  it('describes what there is to choose from', () => {
    expect(typed([['hongbao re\\t\\t', 'Print events of the log']])).toBe('seen\n');
  });
});
