import { defineConfig } from 'vitest/config';

/** Hang guards: far above what a test takes on a loaded machine of two cores. They measure nothing. */
const unitTimeoutMs = 30_000;
const engineTimeoutMs = 120_000;
const endToEndTimeoutMs = 300_000;

/** Tiers, told by the file's name. Those that need more than npm's packages have the need in their name too. */
const needsDebianPackages = [
  'test/**/*.redis.int.spec.ts',
  'test/**/*.browser.e2e.spec.ts',
  'test/**/*.strace.int.spec.ts',
  'test/**/*.shells.int.spec.ts',
  'test/**/*.linux.int.spec.ts',
];
const everything = process.env.TEST_ALL === '1';

export default defineConfig({
  test: {
    pool: 'forks',
    // Most of what the slow tests do is wait for disks and for seconds to come: two at a time, even on two cores.
    maxWorkers: 2,
    retry: 0,
    allowOnly: !process.env.CI,
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.unit.spec.ts'],
          // Nothing here changes a module, a global or the environment, and no module of the program keeps state: the
          // files of a worker share its modules, instead of a process each that spends half its time on loading them.
          isolate: false,
          testTimeout: unitTimeoutMs,
          hookTimeout: unitTimeoutMs,
        },
      },
      {
        test: {
          name: 'int',
          include: ['test/**/*.int.spec.ts'],
          exclude: everything ? [] : needsDebianPackages,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: engineTimeoutMs,
          hookTimeout: engineTimeoutMs,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.spec.ts'],
          exclude: everything ? [] : needsDebianPackages,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: endToEndTimeoutMs,
          hookTimeout: endToEndTimeoutMs,
        },
      },
    ],
  },
});
