/**
 * `node verify-process.ts DIR`: verifies a data folder, and tells its parent how far it is and what it found. In a
 * process of its own, since reading a damaged file may end whoever reads it.
 */
import { Tables } from './tables.ts';
import { verifyTables } from './verify-data.ts';

const [dataDir = '.'] = process.argv.slice(2);
const tables = new Tables(dataDir, { readOnly: true });
const report = verifyTables(tables, { onProgress: (position, last) => process.send?.({ position, last }) });
await tables.close();
process.send?.({ report });
process.disconnect?.();
