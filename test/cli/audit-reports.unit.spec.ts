import { describe, expect, it } from 'vitest';
import { isClean, ruleStates } from '../../src/cli/commands/audit/audit-report.ts';
import { htmlReport } from '../../src/cli/commands/audit/html-report.ts';
import { jsonReport } from '../../src/cli/commands/audit/json-report.ts';
import { textReport } from '../../src/cli/commands/audit/text-report.ts';
import { timeBuckets } from '../../src/cli/commands/audit/time-buckets.ts';
import { moneyRules } from '../../src/domain/ledger/money-rules.ts';
import { messageRules } from '../../src/domain/message-audit/message-rules.ts';
import { brokenReport, cleanReport, hostileStream } from './planted-reports.ts';

const allRules = [...Object.keys(moneyRules).map(Number), 8, ...Object.keys(messageRules)];

describe.each([
  ['text', textReport],
  ['json', jsonReport],
  ['html', htmlReport],
])('the report as %s', (format, print) => {
  it('names every rule, and what state it is in', async () => {
    const clean = print(await cleanReport());
    const broken = print(await brokenReport());
    for (const { rule, statement } of ruleStates(await cleanReport())) {
      expect(allRules).toContain(rule);
      expect(clean).toContain(format === 'html' ? statement.replaceAll("'", '&#39;') : statement);
    }
    expect(clean).not.toMatch(/✗|BROKEN|"state":"broken"/);
    expect(broken).toMatch(/✗|BROKEN|"state":"broken"/);
    expect(clean).toMatch(/not checked/);
  });

  it('shows each violation with its position, and a differing row', async () => {
    const report = await brokenReport();
    const printed = print(report);
    expect(report.violations.length).toBeGreaterThan(1);
    for (const { position } of report.violations) expect(printed).toContain(String(position));
    expect(printed).toContain('nickname');
  });
});

describe('a report', () => {
  it('is clean when all that was looked at is', async () => {
    const report = await cleanReport();
    expect(isClean(report)).toBe(true);
    expect(ruleStates(report).map(({ state }) => state)).toEqual(
      allRules.map((rule) => (rule === 8 ? 'not checked' : 'ok')),
    );
  });

  it('is not when a rule is broken, or a row differs, or a violation is counted only', async () => {
    const clean = await cleanReport();
    const { differing = [] } = await brokenReport();
    expect(isClean({ ...clean, differing })).toBe(false);
    expect(isClean({ ...clean, violationCount: 1 })).toBe(false);
    expect(isClean(await brokenReport())).toBe(false);
  });
});

describe('the report as text', () => {
  it('shows what a terminal would act on', async () => {
    const printed = textReport(await brokenReport());
    expect(printed).toContain('\\u{202e}\\u{7}');
    expect(printed).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
  });

  it('says how many rows it does not list, and how to see them', async () => {
    expect(textReport(await brokenReport())).toContain('and 24 more rows: --differences all lists them\n');
  });
});

describe('the report as JSON', () => {
  it('is one object, with positions as strings and texts as they are', async () => {
    const report = JSON.parse(jsonReport(await brokenReport()));
    expect(report).toMatchObject({ clean: false, events: 17, terms: { depositedFen: 0 } });
    expect(report.violations).toContainEqual(
      expect.objectContaining({ rule: 7, position: '160', stream: hostileStream }),
    );
    expect(report.violations).toContainEqual(expect.objectContaining({ rule: 'M5', position: '150' }));
    expect(report.rules).toContainEqual(expect.objectContaining({ rule: 'M5', state: 'broken', found: 1 }));
  });
});

describe('the report as HTML', () => {
  it('escapes what the log and the read models say', async () => {
    const page = htmlReport(await brokenReport());
    expect(page).not.toMatch(/<img|<script|\p{Cf}|(?!\n)\p{Cc}/u);
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{202e}\\u{7}');
    expect(page).toContain('&lt;script&gt;');
  });

  it('needs nothing but itself, and its policy says so', async () => {
    const page = htmlReport(await cleanReport());
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
    );
    expect(page).not.toMatch(/\b(?:src|href|srcset|action)=|url\(|@import|https?:|\son\w+=/);
  });

  it('has the numbers of every chart in a table too', async () => {
    const page = htmlReport(await cleanReport());
    const charts = page.match(/<svg class="(?:chart|stack)"/g)?.length;
    expect(charts).toBe(5);
    expect(page.match(/<svg[^>]*class="(?:chart|stack)"[^>]*role="img" aria-label="[^"]+"/g)).toHaveLength(5);
    // Terms, money by hour, packets and lateness, events by hour and by type.
    expect(page.match(/<tbody>/g)?.length).toBe(7);
    expect(page).toContain('2026-01-01 00:00: deposited 10.00, withdrawn 0.00 yuan');
    expect(page).toContain('<td class="number">10.00</td>');
  });

  it('can be made of an empty log', async () => {
    const { statistics, ...report } = await cleanReport();
    const nothing = { hours: [], eventsByType: [], eventsInFurtherHours: 0 };
    expect(htmlReport({ ...report, statistics: { ...statistics, ...nothing } })).not.toContain('NaN');
  });
});

describe('hours', () => {
  const hourMs = 3_600_000;
  const hour = (number: number) => ({
    startMs: number * hourMs,
    events: 1,
    depositedFen: 2,
    withdrawnFen: 3,
  });

  it.each([
    ['hour', [0, 71], 72],
    ['day', [5, 77], 4],
    ['day', [0, 24 * 123], 124],
    ['2 days', [0, 24 * 124], 63],
    ['89 days', [0, 24 * 365 * 30], 124],
  ])('become columns of one %s: %j', (unit, numbers, columns) => {
    const { unit: shown, buckets } = timeBuckets(numbers.map(hour));
    expect([shown, buckets.length]).toEqual([unit, columns]);
    expect(buckets.reduce((sum, { events }) => sum + events, 0)).toBe(2);
    expect(buckets[0]).toMatchObject({ events: 1, depositedFen: 2, withdrawnFen: 3 });
    expect(buckets.at(-1)).toMatchObject({ events: 1 });
  });
});
