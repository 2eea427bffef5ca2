import type { Clock } from '../runtime/runtime.ts';

const redrawEveryMs = 200;
const barCells = 24;

export interface Progress {
  /** `total` may grow while the work goes on. */
  update(done: number, total: number, detail?: string): void;
  /** Replaces the bar by a last line. */
  finish(line: string): void;
}

/**
 * A progress bar with rate and time left, redrawn in place on a terminal. Where stderr is no terminal it prints
 * the last line only, so that logs stay readable.
 */
export function createProgress(label: string, clock: Clock, stream: NodeJS.WriteStream): Progress {
  const startedMs = clock.monotonicMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    update(done, total, detail = '') {
      if (!stream.isTTY) return;
      const nowMs = clock.monotonicMs();
      if (nowMs - drawnMs < redrawEveryMs) return;
      drawnMs = nowMs;
      stream.write(
        `\r\x1b[2K${progressLine(label, done, total, nowMs - startedMs)}${detail ? `  ${detail}` : ''}`,
      );
    },
    finish(line) {
      stream.write(stream.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`);
    },
  };
}

/** `label [#####.....] 50 %  1,000 of 2,000 events  500/s  2 s left` */
export function progressLine(label: string, done: number, total: number, elapsedMs: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * barCells);
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const left = rate > 0 ? `${Math.ceil((total - done) / rate)} s left` : 'starting';
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}`;
  const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} events`;
  return `${label} [${bar}] ${Math.floor(share * 100)} %  ${count}  ${Math.round(rate).toLocaleString('en')}/s  ${left}`;
}
