import { limits } from '../../../../src/config/limits.ts';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { FilterTurns } from '../streams/filter-turns.ts';
import type { GroupConfig } from './group-config.ts';
import type { GroupCore } from './group-core.ts';
import type { GroupSource } from './group-source.ts';
import type { LogWatch } from './log-watch.ts';

/** What groups work on, and share. */
export interface GroupDeps {
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly watch: LogWatch;
  readonly turns: FilterTurns;
}

/** What a reader tells its group. */
interface ReaderEvents {
  /** The group has got something from its source. */
  read(): void;
  /** The source cannot be read on; the reader has stopped. */
  failed(error: unknown): void;
}

/**
 * Reads a group's source into the group:
 *
 *     stopped --start--> reading --no room--> waiting for `resume` --> reading
 *                           \------nothing more--> waiting for the log --> reading
 */
export class SourceReader {
  readonly #deps: GroupDeps;
  readonly #config: GroupConfig;
  readonly #source: GroupSource;
  readonly #core: GroupCore;
  readonly #tell: ReaderEvents;
  #running: AbortController | undefined;
  /** Of what was started last. What is started next waits for it: it may be in the middle of the source. */
  #ended: Promise<void> = Promise.resolve();
  #roomAgain = Promise.withResolvers<void>();

  constructor(
    deps: GroupDeps,
    config: GroupConfig,
    source: GroupSource,
    core: GroupCore,
    tell: ReaderEvents,
  ) {
    this.#deps = deps;
    this.#config = config;
    this.#source = source;
    this.#core = core;
    this.#tell = tell;
  }

  /** Harmless when it is reading. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#ended = this.#ended
      .then(() => this.#read(signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#running = undefined;
        this.#tell.failed(error);
      });
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#roomAgain.resolve();
  }

  /** There may be room again. */
  resume(): void {
    if (this.#core.hasRoomFor(this.#batch)) this.#roomAgain.resolve();
  }

  get #batch(): number {
    return Math.max(1, this.#config.settings.readBatchSize);
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { store, runtime, watch } = this.#deps;
    const { name } = this.#config;
    let sinceYield = 0;
    while (!signal.aborted) {
      const seen = store.lastPosition;
      if (!this.#core.hasRoomFor(this.#batch)) {
        this.#roomAgain = Promise.withResolvers();
        await this.#roomAgain.promise;
        continue;
      }
      const found = await this.#source.read(Math.min(this.#core.room, this.#batch));
      if (found.length === 0) {
        await watch.moved(name.stream, seen, signal);
        continue;
      }
      for (const each of found) {
        if (each.kind === 'event') this.#core.offer(each.message);
        else this.#core.pass(each.index, each.counts);
      }
      // Stopped meanwhile: the group has got it all the same, for it is not read again.
      if (this.#running === undefined) return;
      this.#tell.read();
      sinceYield += found.length;
      if (sinceYield < limits.eventNode.scanSliceEvents) continue;
      sinceYield = 0;
      await runtime.timers.sleep(0);
    }
  }
}
