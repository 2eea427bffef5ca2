import type { Logger } from 'pino';
import type { Decider } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { EventLog, Position, RecordedEvent } from './event-log.ts';
import { eventOf, LoadedAggregate } from './loaded-aggregate.ts';
import type { RecentCommand, RecentCommandsBounds } from './recent-commands.ts';
import type { Snapshot, SnapshotStore } from './snapshots.ts';
import { snapshotVersion } from './snapshots.ts';

export interface AggregateLoaderOptions {
  readonly eventLog: EventLog;
  readonly snapshots: SnapshotStore;
  readonly epoch: string;
  readonly logger: Logger;
  readonly bounds: RecentCommandsBounds & {
    readonly snapshotEveryEvents: number;
    readonly snapshotWritesInFlightMax: number;
    readonly searchPageEvents: number;
  };
}

/** Brings aggregates of all kinds from the log into memory, by way of snapshots where there are good ones. */
export class AggregateLoader {
  readonly #options: AggregateLoaderOptions;
  #snapshotWrites = 0;

  constructor(options: AggregateLoaderOptions) {
    this.#options = options;
  }

  /** A stream's aggregate. Throws `EventLogUnavailable`. */
  async load<State, Event extends DomainEvent>(
    stream: string,
    decider: Decider<State, never, Event>,
  ): Promise<LoadedAggregate<State, Event>> {
    const snapshot = await this.#usableSnapshot(stream, decider.foldVersion);
    if (snapshot !== undefined) {
      const aggregate = new LoadedAggregate<State, Event>(decider, this.#options.bounds, snapshot);
      if (await this.catchUp(stream, aggregate)) return aggregate;
      this.#options.logger.warn({ stream, revision: snapshot.revision }, 'a snapshot is of another history');
    }
    const aggregate = new LoadedAggregate<State, Event>(decider, this.#options.bounds);
    for await (const event of this.#options.eventLog.readStream(stream)) aggregate.apply(event);
    return aggregate;
  }

  /**
   * Folds in what the stream has gained. False when the stream no longer has the event that the aggregate was
   * last at: it is then of another history, and worthless. Throws `EventLogUnavailable`.
   */
  async catchUp<State, Event extends DomainEvent>(
    stream: string,
    aggregate: LoadedAggregate<State, Event>,
  ): Promise<boolean> {
    const from = Math.max(aggregate.revision, 0);
    const expectedId = aggregate.revision < 0 ? undefined : aggregate.lastEventId;
    let found = expectedId === undefined;
    for await (const event of this.#options.eventLog.readStream(stream, { from })) {
      if (event.revision === from && expectedId !== undefined) {
        if (event.id !== expectedId) return false;
        found = true;
        // A concurrent append may have moved the aggregate on while this read was under way.
        if (aggregate.revision === from) aggregate.confirm(event);
      } else {
        aggregate.apply(event);
      }
    }
    return found;
  }

  /** The events of an accepted command. Throws `EventLogUnavailable`. */
  async eventsOf<Event extends DomainEvent>(
    stream: string,
    commandId: string,
    { firstRevision, lastRevision }: Pick<RecentCommand, 'firstRevision' | 'lastRevision'>,
  ): Promise<readonly { readonly event: Event; readonly recorded: RecordedEvent }[]> {
    const range = { from: firstRevision, maxCount: lastRevision - firstRevision + 1 };
    const events: { event: Event; recorded: RecordedEvent }[] = [];
    for await (const recorded of this.#options.eventLog.readStream(stream, range)) {
      if (recorded.metadata.commandId === commandId)
        events.push({ event: eventOf<Event>(recorded), recorded });
    }
    return events;
  }

  /**
   * Searches a stream backwards for a command, from a revision (inclusive) to a position in the log (exclusive).
   * `too-far`: it was not among so many events, and there are more. Throws `EventLogUnavailable`.
   */
  async search(
    stream: string,
    commandId: string,
    range: { readonly from: number; readonly after: Position; readonly eventsMax: number },
  ): Promise<RecentCommand | 'absent' | 'too-far'> {
    const { bounds, eventLog } = this.#options;
    let found: RecentCommand | undefined;
    let { from } = range;
    while (from >= 0) {
      if (found === undefined && range.from - from >= range.eventsMax) return 'too-far';
      const page = { from, direction: 'backwards', maxCount: bounds.searchPageEvents } as const;
      from = -1;
      for await (const { metadata, revision, position } of eventLog.readStream(stream, page)) {
        if (metadata.commandId === commandId) {
          const { bodyHash } = metadata;
          found = { bodyHash, firstRevision: revision, lastRevision: found?.lastRevision ?? revision };
        } else if (found !== undefined || position <= range.after) {
          // A command's events stand together.
          return found ?? 'absent';
        }
        from = revision - 1;
      }
    }
    return found ?? 'absent';
  }

  /** Writes a snapshot in the background when one is due. It may be skipped or lost: that costs time only. */
  snapshotWhenDue<State, Event extends DomainEvent>(
    stream: string,
    decider: Decider<State, never, Event>,
    aggregate: LoadedAggregate<State, Event>,
  ): void {
    const { bounds, snapshots, epoch, logger } = this.#options;
    if (aggregate.eventsSinceSnapshot < bounds.snapshotEveryEvents) return;
    if (this.#snapshotWrites >= bounds.snapshotWritesInFlightMax) return;
    aggregate.eventsSinceSnapshot = 0;
    this.#snapshotWrites += 1;
    const snapshot: Snapshot = {
      foldVersion: snapshotVersion(decider.foldVersion),
      epoch,
      revision: aggregate.revision,
      lastEventId: aggregate.lastEventId,
      body: {
        state: decider.toSnapshot(aggregate.state),
        recentCommands: aggregate.recent.toJson(),
      },
    };
    snapshots
      .save(stream, snapshot)
      .catch((error: unknown) => logger.warn({ err: error, stream }, 'a snapshot was not saved'))
      .finally(() => {
        this.#snapshotWrites -= 1;
      });
  }

  async #usableSnapshot(stream: string, foldVersion: number): Promise<Snapshot | undefined> {
    const { snapshots, epoch, logger } = this.#options;
    try {
      const snapshot = await snapshots.load(stream);
      return snapshot?.epoch === epoch && snapshot.foldVersion === snapshotVersion(foldVersion)
        ? snapshot
        : undefined;
    } catch (error) {
      logger.warn({ err: error, stream }, 'a snapshot could not be read; the whole stream is');
      return undefined;
    }
  }
}
