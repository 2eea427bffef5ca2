import type { Expected } from '../storage/append-decision.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseU64 } from './proposal.ts';

/** The shape that the options of Append, Delete and Tombstone share. */
interface RevisionOptions {
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

/** What the client believes the stream's last revision to be. Throws `GrpcError` when it does not say. */
export function parseExpectedRevision(options: RevisionOptions): Expected {
  if (options.hasRevision()) {
    return { kind: 'revision', revision: parseU64(options.getRevision(), 'the expected revision') };
  }
  if (options.hasNoStream()) return { kind: 'no-stream' };
  if (options.hasStreamExists()) return { kind: 'stream-exists' };
  if (options.hasAny()) return { kind: 'any' };
  throw invalidArgument('an expected revision is required');
}

/** An expected revision as the trailers of an error have it: below 0 for those that are no number. */
export function expectedVersionText(expected: Expected): string {
  switch (expected.kind) {
    case 'revision':
      return String(expected.revision);
    case 'no-stream':
      return '-1';
    case 'any':
      return '-2';
    case 'stream-exists':
      return '-4';
  }
}
