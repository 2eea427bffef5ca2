/**
 * Runs the tests and ends with a line `N passed, N failed`.
 *
 *   node scripts/test.ts [--all] [--tier unit|int|e2e]... [part of a file's name]...
 *
 * Without `--all` (or `TEST_ALL=1`) it runs everything that npm's packages alone can serve. With it, also what needs Redis, a
 * browser, strace or further shells, which must be there, and what needs root on Linux: nothing is left out in silence.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest, type TestModule } from 'vitest/node';

const { values, positionals: filters } = parseArgs({
  options: { all: { type: 'boolean', default: false }, tier: { type: 'string', multiple: true } },
  allowPositionals: true,
});

const all = values.all || process.env.TEST_ALL === '1';
if (all) refuseWhenMissing();
forgetOwnSettings();
process.env.TEST_ALL = all ? '1' : '0';
// As `bin/hongbao.mjs` does: the tests start hundreds of processes, which would spend half their time on compiling.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../node_modules/.cache/hongbao-compiled', import.meta.url),
);

const vitest = await startVitest(filters, {
  watch: false,
  ...(values.tier ? { project: values.tier } : {}),
});
const modules = vitest.state.getTestModules();
const unhandled = vitest.state.getUnhandledErrors();
await vitest.close();

const { passed, failed, skipped } = count(modules);
if (skipped.length > 0) console.log(`\nSkipped, which counts as failed:\n  ${skipped.join('\n  ')}`);
// An error outside of any test, in a setup or after the test that caused it, is a failure all the same.
const failures = failed + skipped.length + unhandled.length;
if (passed + failures === 0) console.log('\nNo test matches.');
console.log(`\n${passed} passed, ${failures} failed`);
process.exit(failures === 0 && passed > 0 ? (process.exitCode ?? 0) : 1);

function count(testModules: readonly TestModule[]): { passed: number; failed: number; skipped: string[] } {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (const testModule of testModules) {
    let failedTests = 0;
    for (const test of testModule.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'failed') failedTests += 1;
      else skipped.push(`${testModule.relativeModuleId}: ${test.fullName}`);
    }
    // A file that could not be loaded, or whose hooks failed, failed without a test of its own that did.
    failed += failedTests === 0 && testModule.state() === 'failed' ? 1 : failedTests;
  }
  return { passed, failed, skipped };
}

/** The tests make their own settings; those of the developer's shell must not get into them. */
function forgetOwnSettings(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('HONGBAO_') || ['ESDB_URL', 'DATABASE_URL', 'REDIS_URL'].includes(name)) {
      delete process.env[name];
    }
  }
}

function refuseWhenMissing(): void {
  const needs = [
    { what: 'redis-server', programs: ['redis-server'] },
    { what: 'chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'] },
    { what: 'strace', programs: ['strace'] },
    { what: 'zsh', programs: ['zsh'] },
    { what: 'fish', programs: ['fish'] },
  ];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = needs.filter(
    ({ programs }) =>
      !programs.some((program) => folders.some((folder) => existsSync(join(folder, program)))),
  );
  if (missing.length === 0) return;
  const names = missing.map(({ what }) => what).join(' ');
  console.error(`test:all needs programs that npm does not bring. Install them: apt-get install ${names}`);
  process.exit(1);
}
