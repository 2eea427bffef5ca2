import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { BusLine } from './bus-line.ts';
import { type Child, type ChildCommand, ChildFailed, startChild } from './child.ts';

export interface KeptChildOptions {
  readonly name: string;
  /** What to run. Asked before every start. */
  readonly command: () => ChildCommand;
  readonly stderr: 'inherit' | 'ignore' | number;
  readonly onSpawn: (name: string, pid: number) => void;
  /** What it sends over its channel. */
  readonly onMessage: (message: unknown) => void;
  /** The child could not be kept; it is not running. */
  readonly onGaveUp: (sentence: string) => void;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

type State =
  | { readonly kind: 'idle' }
  /** Spawned, not ready yet. */
  | { readonly kind: 'launching'; readonly child: Child }
  | { readonly kind: 'serving'; readonly child: Child }
  /** Ended, and to be started again after a delay. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'gaveUp' };

/**
 * One child that is started again when it dies.
 *
 * ```
 *            start              ready
 *   idle ------------> launching -----> serving
 *                       |  ^   |           | dies
 *     never served, and |  |   | fails     v
 *     says why or fails |  |   +------> waiting   delay doubles, until it has served for a while
 *     too often         v  +-------------- |
 *                    gaveUp                | stop (from every state)
 *                                          v
 *                                       stopped
 * ```
 *
 * A child that has served before is started again for ever: its data is there, and whatever broke it may pass.
 * A child that has never served is given up after so many starts, and at once when it says why it cannot
 * (`{"failed": ...}`: a port is taken, a setting is wrong), since a human has to act on it.
 */
export class KeptChild {
  readonly #options: KeptChildOptions;
  readonly #stopping = new AbortController();
  #state: State = { kind: 'idle' };
  #loop: Promise<void> | undefined;
  #url: string | undefined;

  constructor(options: KeptChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** What the child said it listens on, from its first ready line on. */
  get url(): string | undefined {
    return this.#url;
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Sends it a message over its channel. False when it does not run or does not take it: the message is lost. */
  send(message: BusLine): boolean {
    return this.#state.kind === 'serving' && this.#state.child.send(message);
  }

  /** Resolves when the child serves, and with `false` when it gave up or was stopped before. Call once. */
  start(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#loop = this.#keep(() => resolve(true)).then(() => resolve(false));
    });
  }

  /** Resolves when the child is gone for good. Calling again with a shorter grace hurries. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#state.kind === 'launching' || this.#state.kind === 'serving') {
      await this.#state.child.stop(graceMs);
    }
    await this.#loop;
    if (this.#state.kind !== 'gaveUp') this.#state = { kind: 'stopped' };
  }

  async #keep(onFirstReady: () => void): Promise<void> {
    const { name, runtime, logger, onGaveUp } = this.#options;
    const { restartDelayMsMin, restartDelayMsMax, healthyAfterMs, startsFailedMax } = limits.supervisor;
    let failuresInARow = 0;
    let startsFailed = 0;
    while (!this.#stopping.signal.aborted) {
      const run = await this.#runOnce(onFirstReady);
      if (this.#stopping.signal.aborted) return;

      failuresInARow = run.servedMs >= healthyAfterMs ? 1 : failuresInARow + 1;
      startsFailed += 1;
      const hasServed = this.#url !== undefined;
      if (!hasServed && (run.explained || startsFailed >= startsFailedMax)) {
        this.#state = { kind: 'gaveUp' };
        onGaveUp(run.sentence);
        return;
      }
      const delayMs = Math.min(restartDelayMsMax, restartDelayMsMin * 2 ** (failuresInARow - 1));
      logger.warn({ child: name, why: run.sentence, delayMs }, 'starting a child again');
      this.#state = { kind: 'waiting' };
      await runtime.timers.sleep(delayMs, this.#stopping.signal);
    }
  }

  /** Starts the child and waits for its end. */
  async #runOnce(onReady: () => void): Promise<EndedRun> {
    const { name, command, stderr, runtime, logger, onSpawn, onMessage } = this.#options;
    const child = startChild(command(), { runtime, logger, stderr, onMessage });
    this.#state = { kind: 'launching', child };
    onSpawn(name, child.pid);
    try {
      this.#url = (await child.ready).listening;
    } catch (error) {
      await child.stop(limits.supervisor.childHurriedStopMs);
      const explained = error instanceof ChildFailed && error.explained;
      return { servedMs: 0, explained, sentence: error instanceof Error ? error.message : String(error) };
    }
    const readySinceMs = runtime.clock.monotonicMs();
    this.#state = { kind: 'serving', child };
    onReady();
    const how = await child.ended;
    const servedMs = Math.max(1, runtime.clock.monotonicMs() - readySinceMs);
    return { servedMs, explained: false, sentence: `${name} ended (${how}).` };
  }
}

interface EndedRun {
  /** 0: it never got ready. */
  readonly servedMs: number;
  /** The sentence is the child's own. */
  readonly explained: boolean;
  readonly sentence: string;
}
