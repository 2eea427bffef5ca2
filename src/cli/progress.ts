import type { Clock } from '../runtime/runtime.ts';

const redrawEveryMs = 200;
const barCells = 24;

export interface ProgressState {
  /** What is being done now. */
  readonly label: string;
  /** 0 to 1. */
  readonly fraction: number;
  readonly events: number;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Replaces the bar by a last line. */
  finish(line: string): void;
}

/**
 * A progress bar with rate and time left, redrawn in place on a terminal. Where the stream is no terminal only
 * the last line is printed, so that logs stay readable.
 */
export function createProgress(clock: Clock, stream: NodeJS.WriteStream): Progress {
  const startedMs = clock.monotonicMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    update(state) {
      if (!stream.isTTY) return;
      const nowMs = clock.monotonicMs();
      if (nowMs - drawnMs < redrawEveryMs) return;
      drawnMs = nowMs;
      stream.write(`\r\x1b[2K${progressLine(state, nowMs - startedMs)}`);
    },
    finish(line) {
      stream.write(stream.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`);
    },
  };
}

/** `label [############............] 50 %  1,000 events  500/s  2 s left` */
export function progressLine({ label, fraction, events }: ProgressState, elapsedMs: number): string {
  const share = Math.max(0, Math.min(1, fraction));
  const filled = Math.round(share * barCells);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}`;
  const rate = elapsedMs > 0 ? Math.round((events * 1000) / elapsedMs) : 0;
  const left = share > 0 ? `${Math.ceil((elapsedMs * (1 - share)) / share / 1000)} s left` : 'starting';
  return `${label} [${bar}] ${Math.floor(share * 100)} %  ${count(events)} events  ${count(rate)}/s  ${left}`;
}

/** A whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString('en');
}
