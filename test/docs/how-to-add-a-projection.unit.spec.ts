import { describe, expect, it } from 'vitest';
import { readDoc } from './read-doc.ts';

const text = readDoc('docs/how-to-add-a-projection.md');
const declaration = readDoc('test/examples/message-days-projection.ts');
const test = readDoc('test/examples/message-days.int.spec.ts');
const [first, ...others] = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);

describe('docs/how-to-add-a-projection.md', () => {
  it('shows the whole declaration that the tests run', () => {
    expect(first).toBe(declaration);
  });

  it('shows nothing else but parts of the test that runs it', () => {
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((code) => !test.includes(code))).toEqual([]);
  });
});
