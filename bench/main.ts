/** `npm run bench -- NAME [--json FILE] [options]`: measures one of the figures that we claim. */
import { writeFileSync } from 'node:fs';
import { append } from './append/append.ts';
import { connections } from './connections/connections.ts';
import { lag } from './lag/lag.ts';
import { rebuildBench } from './rebuild/rebuild.ts';
import { grab } from './grab/grab.ts';
import type { PreparedBench } from './harness/bench.ts';
import { optionLines, UsageError } from './harness/options.ts';
import { reportLines } from './harness/print-report.ts';

const benches = [append, connections, grab, lag, rebuildBench];
const exitCodes = { targetMissed: 1, usage: 2 };

const [name, ...args] = process.argv.slice(2);
try {
  await measure(prepare(name, args));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  for (const line of [error.message, ...usageLines()]) console.error(line);
  process.exitCode = exitCodes.usage;
}

function prepare(name: string | undefined, args: readonly string[]): PreparedBench {
  const bench = benches.find((one) => one.name === name);
  if (bench !== undefined) return bench.prepare(args);
  throw new UsageError(name === undefined ? 'Name a bench.' : `There is no bench "${name}".`);
}

async function measure({ json, run }: PreparedBench): Promise<void> {
  const report = await run((line) => console.error(line));
  for (const line of reportLines(report)) console.log(line);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (report.targets.some(({ met }) => !met)) process.exitCode = exitCodes.targetMissed;
}

function usageLines(): string[] {
  const width = Math.max(...benches.map((bench) => bench.name.length));
  return [
    'Usage: npm run bench -- NAME [--json FILE] [options]',
    ...benches.flatMap((bench) => [
      '',
      `  ${bench.name.padEnd(width)}  ${bench.measures}`,
      ...optionLines(bench.options).map((line) => `  ${' '.repeat(width)}    ${line}`),
    ]),
  ];
}
