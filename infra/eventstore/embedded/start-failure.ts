import { DataFolderDamaged } from './storage/data-folder-check.ts';
import { DataFolderInUse } from './storage/data-folder-lock.ts';
import { RecordCorrupt } from './storage/stored-record.ts';
import { FormatMismatch } from './storage/tables.ts';

/** Why a node could not start, in a sentence, when it is something that an operator can see to. */
export function startFailureSentence(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  switch ('code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return `the event node's port is taken (${error.message}); stop what listens there, or choose another port`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `the event node cannot listen there (${error.message}); choose an address of this machine`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return `the event node is not allowed what it needs (${error.message}); choose another folder or port, or another user`;
  }
  const expected = [DataFolderInUse, DataFolderDamaged, FormatMismatch, RecordCorrupt].some(
    (type) => error instanceof type,
  );
  return expected ? error.message : undefined;
}
