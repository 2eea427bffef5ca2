import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDoc, root, tableRows } from './read-doc.ts';

const files = readdirSync(join(root, 'docs/decisions'))
  .filter((name) => name !== 'README.md')
  .sort();

describe('docs/decisions', () => {
  it('are numbered without a gap', () => {
    expect(files.map((name) => name.slice(0, 5))).toEqual(
      files.map((_name, index) => `${String(index + 1).padStart(4, '0')}-`),
    );
  });

  it.each(files)('%s has its number and title, context, decision and consequences', (name) => {
    const headings = readDoc(`docs/decisions/${name}`).match(/^#+ .*$/gm) ?? [];
    expect(headings[0]).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. .`));
    expect(headings.slice(1)).toEqual(['## Context', '## Decision', '## Consequences']);
  });

  it('all stand in the index, under their titles', () => {
    const titles = files.map((name) => {
      const number = Number(name.slice(0, 4));
      const title = /^# \d+\. (.*)$/m.exec(readDoc(`docs/decisions/${name}`))?.[1];
      return [`[${number}](${name})`, title];
    });
    const indexed = tableRows(readDoc('docs/decisions/README.md')).map(([link, title]) => [link, title]);
    expect(indexed).toEqual(titles);
  });
});
