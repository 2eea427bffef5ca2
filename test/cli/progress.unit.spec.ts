import { describe, expect, it } from 'vitest';
import { createProgress, type ProgressStream } from '../../src/cli/progress.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

/** A terminal of one line: what was written, as its reader sees it after each piece. */
class Terminal implements ProgressStream {
  readonly isTTY = true;
  readonly columns: number;
  readonly seen: string[] = [];
  /** What has scrolled away, and where the cursor is. */
  text = '';

  constructor(columns: number) {
    this.columns = columns;
  }

  write(piece: string): void {
    const ofLine = piece.split('\r\x1b[2K');
    if (ofLine.length > 1) this.text = this.text.slice(0, this.text.lastIndexOf('\n') + 1);
    this.text += ofLine.at(-1);
    this.seen.push(this.text.slice(this.text.lastIndexOf('\n') + 1));
  }
}

const halfWay = { label: 'copy', fraction: 0.5, events: 1_000, behind: 1_200n };

async function drawnOn(columns: number): Promise<Terminal> {
  const runtime = virtualRuntime();
  const terminal = new Terminal(columns);
  const progress = createProgress(runtime.clock, terminal);
  await runtime.advance(2_000);
  progress.update(halfWay);
  await runtime.advance(100);
  // Sooner than anybody could read it.
  progress.update({ ...halfWay, fraction: 0.6 });
  await runtime.advance(100);
  progress.update({ label: 'swap', fraction: 1, events: 2_000 });
  progress.finish('rebuilt 2 read models');
  return terminal;
}

describe('progress on a terminal', () => {
  it('is a bar with the rate, the time left and the lag, drawn over the one before; the last line stays alone', async () => {
    const { seen, text } = await drawnOn(120);
    expect(seen).toEqual([
      'copy [############............] 50 %  1,000 events  500/s  2 s left  1,200 behind',
      'swap [########################] 100 %  2,000 events  909/s  0 s left',
      '',
    ]);
    expect(text).toBe('rebuilt 2 read models\n');
  });

  it.each([79, 60, 40, 20, 6, 1])(
    'never goes to a second line, which it could not wipe: %i columns',
    async (columns) => {
      const { seen, text } = await drawnOn(columns);
      for (const line of seen) expect(line.length).toBeLessThan(columns);
      expect(text).toBe('rebuilt 2 read models\n');
    },
  );

  it('gives up the bar before its numbers', async () => {
    const [first] = (await drawnOn(60)).seen;
    expect(first).toBe('copy 50 %  1,000 events  500/s  2 s left  1,200 behind');
  });
});
