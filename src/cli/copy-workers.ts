import { type ResourceLimits, Worker } from 'node:worker_threads';
import { limits } from '../config/limits.ts';
import { EventCannotBeRebuilt, RebuildAborted } from '../projections/rebuild/rebuild-errors.ts';
import { CheckpointMoved } from '../projections/checkpoints.ts';
import type { CopyNews, CopyShare, CopyWorkers } from '../projections/rebuild/copy-share.ts';

/** What a worker thread is started with. */
export interface CopyWorkerData {
  readonly esdbUrl: string;
  readonly databaseUrl: string;
  readonly share: CopyShare;
}

const workerFile = new URL('./copy-worker.ts', import.meta.url);

/** Workers as threads of this process, each with connections of its own to both engines. */
export function copyWorkerThreads(engines: Omit<CopyWorkerData, 'share'>): CopyWorkers {
  return async (shares, onNews, signal) => {
    const threads = shares.map(
      (share) =>
        new Worker(workerFile, { workerData: { ...engines, share }, resourceLimits: heapOf(shares.length) }),
    );
    const end = (): void => {
      for (const thread of threads) void thread.terminate();
    };
    signal?.addEventListener('abort', end, { once: true });
    try {
      await Promise.all(threads.map((thread, index) => ended(thread, (news) => onNews(index, news))));
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener('abort', end);
      // What one could not write, the others write in vain.
      await Promise.all(threads.map((thread) => thread.terminate()));
    }
  };
}

/**
 * V8 sizes each heap by the machine's memory, as if it were the only one, and collects late: so each is told its share.
 * Between two collections only what is in flight lives on, whatever the number of events.
 */
function heapOf(workers: number): ResourceLimits {
  const { rebuildWorkerHeapMiBMin, rebuildHeapsMiB, rebuildWorkerYoungMiB } = limits.projections;
  return {
    maxOldGenerationSizeMb: Math.max(rebuildWorkerHeapMiBMin, Math.floor(rebuildHeapsMiB / workers)),
    maxYoungGenerationSizeMb: rebuildWorkerYoungMiB,
  };
}

/** Resolves when the thread has done its share; rejects with what it threw. */
function ended(thread: Worker, onNews: (news: CopyNews) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.on('message', onNews);
    thread.once('error', (error: Error) => reject(asThrown(error)));
    thread.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new RebuildAborted('a worker was ended'));
    });
  });
}

/** An error comes out of a thread with its fields, and without its class: those that somebody asks for get it again. */
function asThrown(error: Error): Error {
  if (error.name === 'CheckpointMoved') return new CheckpointMoved(error.message);
  if (error.name === 'EventCannotBeRebuilt' && 'projection' in error && 'failure' in error) {
    const { projection, failure } = error as EventCannotBeRebuilt;
    return new EventCannotBeRebuilt(projection, failure);
  }
  return error;
}
