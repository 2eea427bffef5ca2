import { limits } from '../../../../src/config/limits.ts';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { FilterTurns } from '../streams/filter-turns.ts';
import { GrpcError, grpcStatus } from '../grpc/grpc-status.ts';
import { sequenceOf } from '../streams/read-target.ts';
import { RecordCorrupt } from '../storage/stored-record.ts';
import { ConfigUnreadable, type GroupConfig, readGroupConfigs, writeGroupConfigs } from './group-config.ts';
import {
  groupDoesNotExist,
  groupDropped,
  groupExists,
  groupFailed,
  maximumGroupsReached,
} from './group-errors.ts';
import { type FilterSpec, filterOf } from './group-filter.ts';
import { type GroupName, groupKey } from './group-name.ts';
import { type GroupSettings, settingsProblem } from './group-settings.ts';
import { LogWatch } from './log-watch.ts';
import { PersistentGroup } from './persistent-group.ts';

/**
 * All groups of the node. They are read from the log when the first of them is asked for. Changes happen one after
 * the other, and each is stored before it takes effect.
 */
export class GroupRegistry {
  readonly #store: EventStore;
  readonly #runtime: Runtime;
  readonly #watch: LogWatch;
  readonly #turns: FilterTurns;
  #groups: Map<string, PersistentGroup> | undefined;
  #lastChange: Promise<unknown> = Promise.resolve();

  /** `turns`: what the filters of groups share with those of reads. */
  constructor(store: EventStore, runtime: Runtime, turns: FilterTurns) {
    this.#store = store;
    this.#runtime = runtime;
    this.#watch = new LogWatch(store);
    this.#turns = turns;
  }

  /** Throws `GrpcError` when there is none, or when what is stored of the groups is damaged. */
  find(name: GroupName): PersistentGroup {
    const group = this.#loaded().get(groupKey(name));
    // Of `a` and `b::c`, and of `a::b` and `c`, the keys are the same: who may read `a::b` may not read `a` by it.
    if (group === undefined || group.config.name.stream !== name.stream) throw groupDoesNotExist(name);
    return group;
  }

  /** In the order in which they were made. Throws `GrpcError` when what is stored of them is damaged. */
  all(): readonly PersistentGroup[] {
    return [...this.#loaded().values()];
  }

  /** Throws `GrpcError` when it exists or cannot be set up so, `StoreUnavailable`. */
  create(name: GroupName, settings: GroupSettings, filter: FilterSpec | undefined): Promise<void> {
    return this.#change(async (groups) => {
      if (groups.has(groupKey(name))) throw groupExists(name);
      if (groups.size >= limits.eventNode.groupsMax) throw maximumGroupsReached(name);
      if (filter !== undefined) filterOf(filter);
      const config = this.#checked(name, settings, filter);
      // What a deletion left behind that was cut short must not be resumed from.
      await this.#group(config).deleteState();
      await this.#write([...groups.values()].map((group) => group.config).concat(config));
      groups.set(groupKey(name), this.#group(config));
    });
  }

  /** Its clients are dropped. Throws `GrpcError` when there is none or it cannot be so, `StoreUnavailable`. */
  update(name: GroupName, settings: GroupSettings): Promise<void> {
    return this.#change(async (groups) => {
      const old = this.find(name);
      const config = this.#checked(name, settings, old.config.filter);
      await this.#write([...groups.values()].map((group) => (group === old ? config : group.config)));
      await old.stop(groupDropped(name));
      groups.set(groupKey(name), this.#group(config));
    });
  }

  /** Its clients are dropped. Throws `GrpcError` when there is none, `StoreUnavailable`. */
  delete(name: GroupName): Promise<void> {
    return this.#change(async (groups) => {
      const old = this.find(name);
      await this.#write([...groups.values()].filter((group) => group !== old).map((group) => group.config));
      groups.delete(groupKey(name));
      await old.stop(groupDropped(name));
      await old.deleteState();
    });
  }

  /** Drops all clients, and begins anew with what is stored. */
  restart(): Promise<void> {
    return this.#change(async (groups) => {
      await Promise.all([...groups.values()].map((group) => group.stop(groupDropped(group.config.name))));
      this.#groups = undefined;
    });
  }

  #change(work: (groups: Map<string, PersistentGroup>) => Promise<void>): Promise<void> {
    const change = this.#lastChange.then(() => work(this.#loaded()));
    this.#lastChange = change.catch(() => {});
    return change;
  }

  #write(configs: readonly GroupConfig[]): Promise<void> {
    return writeGroupConfigs(this.#store, this.#runtime, configs);
  }

  #group(config: GroupConfig): PersistentGroup {
    const deps = { store: this.#store, runtime: this.#runtime, watch: this.#watch, turns: this.#turns };
    return new PersistentGroup(deps, config);
  }

  #checked(name: GroupName, settings: GroupSettings, filter: FilterSpec | undefined): GroupConfig {
    const problem = settingsProblem(settings);
    if (problem !== undefined) throw groupFailed(name, problem);
    const { last } = sequenceOf(this.#store, name, this.#runtime.clock).window();
    const { startFrom } = settings;
    if (name.stream === undefined && typeof startFrom === 'number' && startFrom > last) {
      throw groupFailed(name, `the log ends at ${last}, before the position ${startFrom} to start from`);
    }
    if (startFrom === 'end') return { name, settings, filter, firstIndex: last + 1 };
    return { name, settings, filter, firstIndex: startFrom === 'start' ? 0 : startFrom };
  }

  #loaded(): Map<string, PersistentGroup> {
    try {
      this.#groups ??= new Map(
        readGroupConfigs(this.#store, this.#runtime).map((config) => [
          groupKey(config.name),
          this.#group(config),
        ]),
      );
      return this.#groups;
    } catch (error) {
      if (error instanceof RecordCorrupt || error instanceof ConfigUnreadable) {
        throw new GrpcError(grpcStatus.dataLoss, error.message);
      }
      throw error;
    }
  }
}
