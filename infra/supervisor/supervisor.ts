import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { asBusLine } from './bus-line.ts';
import type { ChildCommand } from './child.ts';
import { KeptChild } from './kept-child.ts';

/** What the children that are ready so far listen on, by name. */
export type Urls = ReadonlyMap<string, string>;

interface ChildPlan {
  readonly name: string;
  /** Called before every start of the child, with what the stages before it listen on. */
  readonly command: (urls: Urls) => ChildCommand;
  /** Whether it gets what the others publish on the bus. Default: no. */
  readonly hearsBus?: boolean;
}

/** Children that do not need each other; they start and stop together. */
export type Stage = readonly ChildPlan[];

interface SupervisorOptions {
  readonly stages: readonly Stage[];
  /** Where the children's logs go. */
  readonly stderr: 'inherit' | 'ignore' | number;
  readonly onSpawn?: (name: string, pid: number) => void;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

export type SupervisorEnd =
  | { readonly kind: 'asked' }
  /** A child could not be kept; the rest were stopped. */
  | { readonly kind: 'failed'; readonly sentence: string };

/**
 * Runs children in stages.
 *
 * ```
 *   idle --start--> starting --every stage is ready--> serving
 *                      |                                  |
 *                      |  stop asked, or a child gave up  |
 *                      +------------> stopping <----------+
 *                                        |  stages in reverse order, each gone before the next
 *                                        v
 *                                     stopped
 * ```
 *
 * A stage starts when the one before it is ready: the application needs its engines. A child that dies is
 * started again by itself, on the ports that it had (see kept-child.ts); the others are left alone, since
 * clients reconnect. What a child publishes on the bus (supervisor-bus.ts) goes on to those that hear it. Stopping in reverse lets the application finish what it has acknowledged while its
 * engines still answer.
 */
export class Supervisor {
  readonly #stages: readonly (readonly KeptChild[])[];
  readonly #hearers = new Set<KeptChild>();
  readonly #urls = new Map<string, string>();
  #graceMs: number = limits.supervisor.childStopMs;
  #failure: string | undefined;
  #stopping: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<SupervisorEnd>();

  constructor({ stages, stderr, onSpawn = () => undefined, runtime, logger }: SupervisorOptions) {
    this.#stages = stages.map((stage) =>
      stage.map(({ name, command, hearsBus = false }) => {
        const child = new KeptChild({
          name,
          command: () => command(this.#urls),
          stderr,
          onSpawn,
          onMessage: (message) => this.#relay(child, message),
          onGaveUp: (sentence) => {
            logger.error({ child: name, why: sentence }, 'giving up on a child');
            this.#failure ??= sentence;
            void this.stop();
          },
          runtime,
          logger,
        });
        if (hearsBus) this.#hearers.add(child);
        return child;
      }),
    );
  }

  /** Resolves when every child is gone, after `stop` or because one could not be kept. */
  get ended(): Promise<SupervisorEnd> {
    return this.#ended.promise;
  }

  /** Resolves with what the children listen on; `undefined` when it was stopped first (`ended` says why). */
  async start(): Promise<Urls | undefined> {
    for (const stage of this.#stages) {
      if (this.#stopping) return undefined;
      const ready = await Promise.all(stage.map((child) => child.start()));
      if (this.#stopping || ready.includes(false)) return undefined;
      for (const { name, url } of stage) if (url !== undefined) this.#urls.set(name, url);
    }
    return this.#urls;
  }

  /** Stops the children in order. Resolves when they are gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopStages();
    return this.#stopping;
  }

  /** Shortens the time that children get to stop, the one that is stopping included. */
  hurry(): void {
    if (this.#graceMs === limits.supervisor.childHurriedStopMs) return;
    this.#graceMs = limits.supervisor.childHurriedStopMs;
    if (!this.#stopping) return;
    for (const stage of this.#stages) {
      for (const child of stage) if (child.isStopping) void child.stop(this.#graceMs);
    }
  }

  /** Whoever is away or does not keep up misses it, and finds the gap. */
  #relay(from: KeptChild, message: unknown): void {
    const line = asBusLine(message);
    if (line === undefined) return;
    for (const child of this.#hearers) if (child !== from) child.send(line);
  }

  async #stopStages(): Promise<void> {
    for (const stage of this.#stages.toReversed()) {
      await Promise.all(stage.map((child) => child.stop(this.#graceMs)));
    }
    this.#ended.resolve(
      this.#failure === undefined ? { kind: 'asked' } : { kind: 'failed', sentence: this.#failure },
    );
  }
}
