import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/cli/doctor/check.ts';
import { ok, problem, skipped, warning } from '../../../src/cli/doctor/finding.ts';
import { countVerdicts, exitCodeOfFindings, reportLines } from '../../../src/cli/doctor/report.ts';
import { runChecks } from '../../../src/cli/doctor/run-checks.ts';
import { openWorld } from '../../../src/cli/doctor/world.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

const check = (name: string, look: Check['look']): Check => ({ name, look });
const fine = check('fine', async () => [ok('It is well.')]);
const broken = check('broken', async () => {
  throw new Error('the disk says no');
});
const hanging = check('hanging', () => new Promise(() => undefined));

function examine(...checks: Check[]) {
  const runtime = virtualRuntime();
  const world = openWorld({}, runtime);
  const examined = runChecks(checks, world, { timers: runtime.timers, limitMs: 5_000 });
  return { runtime, examined };
}

describe('running checks', () => {
  it('tells of one that throws, and goes on with the others', async () => {
    const { findings, gaveUp } = await examine(broken, fine).examined;
    expect(findings).toMatchObject([
      { check: 'broken', verdict: 'problem', sentence: expect.stringContaining('the disk says no') },
      { check: 'fine', verdict: 'ok' },
    ]);
    expect(gaveUp).toBe(false);
  });

  it('gives up one that hangs when its time is over, and goes on with the others', async () => {
    const { runtime, examined } = examine(hanging, fine);
    await runtime.advance(5_000);
    const { findings, gaveUp } = await examined;
    expect(findings).toMatchObject([
      { check: 'hanging', verdict: 'problem', sentence: 'There was no answer within 5 s.' },
      { check: 'fine', verdict: 'ok' },
    ]);
    expect(gaveUp).toBe(true);
  });
});

describe('the report', () => {
  const findings = [
    { check: 'disk', ...ok('There is room.', ['events: 1 KiB']) },
    { check: 'clock', ...warning('It is off.', 'Set it.') },
    { check: 'redis', ...skipped('It is stopped.') },
  ];

  it('has a line for each finding, with details and what to do beneath', () => {
    expect(reportLines(findings)).toEqual([
      'ok       disk   There is room.',
      '                events: 1 KiB',
      'warning  clock  It is off.',
      '                -> Set it.',
      'skipped  redis  It is stopped.',
      '',
      '1 ok, 1 warning, 0 problems, 1 not looked at.',
    ]);
  });

  it('ends with 1 for a problem only', () => {
    expect(exitCodeOfFindings(findings)).toBe(0);
    const worse = [...findings, { check: 'port', ...problem('It is taken.', 'Free it.') }];
    expect(countVerdicts(worse)).toEqual({ ok: 1, warning: 1, problem: 1, skipped: 1 });
    expect(exitCodeOfFindings(worse)).toBe(1);
  });
});
