import type { AcceptedCommand } from '../../../src/commands/command-history.ts';
import type { Position, RecordedEvent } from '../../../src/commands/event-log.ts';
import { START } from '../../../src/commands/event-log.ts';
import type { Snapshot } from '../../../src/commands/snapshots.ts';

/** The write side's disposable stores, in memory. */
export function inMemoryStores() {
  const snapshots = new Map<string, Snapshot>();
  const checkpoints = new Map<string, Position>();
  const history = new Map<string, AcceptedCommand>();
  const progress = { reached: START };
  const leases = new Map<string, string>();
  return {
    snapshots: {
      kept: snapshots,
      load: async (stream: string) => structuredClone(snapshots.get(stream)),
      save: async (stream: string, snapshot: Snapshot) => {
        snapshots.set(stream, structuredClone(snapshot));
      },
    },
    checkpoints: {
      kept: checkpoints,
      load: async (name: string, epoch: string) => checkpoints.get(`${name}/${epoch}`),
      save: async (name: string, epoch: string, position: Position) => {
        checkpoints.set(`${name}/${epoch}`, position);
      },
    },
    witness: {
      newestSeen: async (epoch: string) =>
        [...checkpoints]
          .filter(([key]) => key.endsWith(`/${epoch}`))
          .reduce((newest, [, position]) => (position > newest ? position : newest), START),
    },
    history: {
      kept: history,
      progress,
      find: async (commandId: string) => ({ command: history.get(commandId), reached: progress.reached }),
    },
    leases: {
      /** A lease in memory does not run out: `leases.held.clear()` is the death of its holder. */
      held: leases,
      acquire: async (name: string, holder: string) => {
        const owner = leases.get(name) ?? holder;
        leases.set(name, owner);
        return owner === holder;
      },
      release: async (name: string, holder: string) => {
        if (leases.get(name) === holder) leases.delete(name);
      },
    },
  };
}

export type InMemoryStores = ReturnType<typeof inMemoryStores>;

/** What the projection would have written for these events, the log's up to the last of them. */
export function recordHistory({ history }: InMemoryStores, events: readonly RecordedEvent[]): void {
  for (const { stream, revision, metadata, position } of events) {
    const { commandId, bodyHash } = metadata;
    const firstRevision = history.kept.get(commandId)?.firstRevision ?? revision;
    history.kept.set(commandId, { bodyHash, stream, firstRevision, lastRevision: revision });
    history.progress.reached = position;
  }
}
