/**
 * `node probe.ts DIR all|newest`: opens a data folder and reads in it, to see whether that survives.
 *
 * LMDB maps its file into memory. Reading a page that a truncated file no longer has is not an error that
 * could be caught: the process is killed (SIGBUS or SIGSEGV); a damaged page can also send it round in circles.
 * So a file is opened here first, in a process that nobody needs, and what becomes of it is the answer. Exits
 * with 0 when the data can be read.
 */
import { statSync } from 'node:fs';
import { dataFile } from './data-files.ts';
import { Tables } from './tables.ts';
import { verifyTables } from './verify-data.ts';

/** Recent records are what a crash can have hurt. */
const NEWEST_EVENTS = 1_000;

const [dataDir = '.', extent = 'all'] = process.argv.slice(2);
const tables = new Tables(dataDir);
// A file shorter than its last page number says may have lost pages, or never had them (allocated and freed
// in one commit): then every page that is in use is read.
const short = statSync(dataFile(dataDir)).size < tables.declaredBytes();
const { problems } = verifyTables(tables, extent === 'newest' && !short ? { newest: NEWEST_EVENTS } : {});
if (problems[0] !== undefined) throw new Error(problems[0]);
await tables.close();
