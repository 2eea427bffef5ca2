import type { Clock } from '../runtime/runtime.ts';

const redrawEveryMs = 200;
const barCells = 24;

export interface ProgressState {
  /** What is being done now. */
  readonly label: string;
  /** 0 to 1. */
  readonly fraction: number;
  readonly events: number;
  /** Positions that the log's head is ahead, where that is worth a word. */
  readonly behind?: bigint | undefined;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Replaces the bar by a last line. */
  finish(line: string): void;
}

/** Where progress is shown: stdout or stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Cells of a terminal's line; 0 where it does not say. */
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * A progress bar with rate and time left, redrawn in place on a terminal. Where the stream is no terminal only
 * the last line is printed, so that logs stay readable; with `plainEveryMs`, a line for each new label, too, and one
 * every so often.
 */
export function createProgress(
  clock: Clock,
  stream: ProgressStream,
  { plainEveryMs = Number.POSITIVE_INFINITY }: { readonly plainEveryMs?: number } = {},
): Progress {
  const startedMs = clock.monotonicMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawnLabel = '';
  const isDue = ({ label }: ProgressState, nowMs: number): boolean => {
    if (stream.isTTY) return nowMs - drawnMs >= redrawEveryMs;
    if (plainEveryMs === Number.POSITIVE_INFINITY) return false;
    return label !== drawnLabel || nowMs - drawnMs >= plainEveryMs;
  };
  return {
    update(state) {
      const nowMs = clock.monotonicMs();
      if (!isDue(state, nowMs)) return;
      drawnMs = nowMs;
      drawnLabel = state.label;
      const elapsedMs = nowMs - startedMs;
      stream.write(
        stream.isTTY
          ? `\r\x1b[2K${fittingLine(state, elapsedMs, stream.columns || Number.POSITIVE_INFINITY)}`
          : `${progressLine(state, elapsedMs)}\n`,
      );
    },
    finish(line) {
      stream.write(stream.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`);
    },
  };
}

/** Without the bar, and then cut, where the line would go on in the next: that one could not be drawn over. */
function fittingLine(state: ProgressState, elapsedMs: number, columns: number): string {
  const whole = progressLine(state, elapsedMs);
  if (whole.length < columns) return whole;
  return `${state.label} ${figures(state, elapsedMs)}`.slice(0, columns - 1);
}

/** `label [############............] 50 %  1,000 events  500/s  2 s left  1,000 behind` */
function progressLine(state: ProgressState, elapsedMs: number): string {
  const filled = Math.round(shareOf(state) * barCells);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}`;
  return `${state.label} [${bar}] ${figures(state, elapsedMs)}`;
}

function figures(state: ProgressState, elapsedMs: number): string {
  const { events, behind } = state;
  const share = shareOf(state);
  const rate = elapsedMs > 0 ? Math.round((events * 1000) / elapsedMs) : 0;
  const left = share > 0 ? `${Math.ceil((elapsedMs * (1 - share)) / share / 1000)} s left` : 'starting';
  const lag = behind === undefined ? '' : `  ${behind.toLocaleString('en')} behind`;
  return `${Math.floor(share * 100)} %  ${count(events)} events  ${count(rate)}/s  ${left}${lag}`;
}

function shareOf({ fraction }: ProgressState): number {
  return Math.max(0, Math.min(1, fraction));
}

/** A whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString('en');
}
