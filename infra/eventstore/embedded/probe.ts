/**
 * `node probe.ts DIR`: opens a data folder and reads in it, to see whether that survives.
 *
 * LMDB maps its file into memory. Reading a page that a truncated file no longer has is not an error that
 * could be caught: the process is killed (SIGBUS or SIGSEGV). So a suspect file is opened here first, in a
 * process that nobody needs, and what becomes of it is the answer. Exits with 0 when the data can be read.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord } from './stored-record.ts';
import { DATA_FILE, Tables } from './tables.ts';

/** Recent records are verified one by one: they are what a crash can have hurt. */
const RECENT_RECORDS = 1_000;

const [dataDir = '.'] = process.argv.slice(2);
const tables = new Tables(dataDir);
const last = tables.lastPosition();
// A file shorter than its last page number says may have lost pages, or never had them (allocated and freed
// in one commit): then every page that is in use is read.
const short = statSync(join(dataDir, DATA_FILE)).size < tables.declaredBytes();
const first = short ? 1 : Math.max(1, last - RECENT_RECORDS + 1);
for (let position = first; position <= last; position++) {
  const record = tables.record(position);
  if (record === undefined) continue;
  const stream = decodeRecord(record, position).stream();
  if (tables.head(stream) === undefined)
    throw new Error(`the stream of the record at ${position} is not indexed`);
}
if (short) tables.readAllKeys();
await tables.close();
