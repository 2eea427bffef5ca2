import { describe, expect, it } from 'vitest';
import { bytesInWords } from '../../../src/cli/doctor/bytes-in-words.ts';
import { certificateFiles, judgeCertificate } from '../../../src/cli/doctor/checks/certificates.ts';
import { judgeClock } from '../../../src/cli/doctor/checks/clock.ts';
import { judgeDataFolder } from '../../../src/cli/doctor/checks/data-folder.ts';
import { judgeDatabase, judgeUnreachable } from '../../../src/cli/doctor/checks/database.ts';
import { judgeDisk } from '../../../src/cli/doctor/checks/disk.ts';
import { judgeEventStore } from '../../../src/cli/doctor/checks/event-store.ts';
import { judgeDescriptors } from '../../../src/cli/doctor/checks/file-descriptors.ts';
import { judgeMemory } from '../../../src/cli/doctor/checks/memory.ts';
import { judgeMigrations } from '../../../src/cli/doctor/checks/migrations.ts';
import { judgePackages } from '../../../src/cli/doctor/checks/packages.ts';
import { judgePort } from '../../../src/cli/doctor/checks/ports.ts';
import { judgeGenerations, judgeProgress } from '../../../src/cli/doctor/checks/projections.ts';
import { judgeScheduler } from '../../../src/cli/doctor/checks/scheduler.ts';
import { judgeReadiness } from '../../../src/cli/doctor/checks/server.ts';
import { judgeSettings } from '../../../src/cli/doctor/checks/settings.ts';
import { judgeVault } from '../../../src/cli/doctor/checks/vault.ts';
import { judgeVersions } from '../../../src/cli/doctor/checks/versions.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { limits } from '../../../src/config/limits.ts';
import { loadSettings } from '../../../src/config/settings.ts';

/** The findings as `verdict: sentence`; each that is not well has to say what to do. */
function told(...findings: readonly Finding[]): string[] {
  for (const { verdict, advice } of findings) {
    const needsAdvice = verdict === 'warning' || verdict === 'problem';
    expect(advice !== undefined, `advice on a finding that is ${verdict}`).toBe(needsAdvice);
  }
  return findings.map(({ verdict, sentence }) => `${verdict}: ${sentence}`);
}

const mib = 1024 * 1024;
const gib = 1024 * mib;
const dayMs = 86_400_000;

/** Findings by what is so; the text must be in exactly one of what is told. */
const cases: [string, readonly Finding[], string][] = [
  [
    'the pinned Node',
    [judgeVersions('1.0.0', '24.21.0', '24.21.0')],
    'ok: hongbao 1.0.0 runs on Node 24.21.0',
  ],
  [
    'another Node',
    [judgeVersions('1.0.0', '20.1.0', '24.21.0')],
    'warning: hongbao 1.0.0 runs on Node 20.1.0, but',
  ],
  ['packages of the lock file', [judgePackages({ wanted: 'a', installed: 'a' })], 'ok: The packages are'],
  [
    'a lock file that has changed',
    [judgePackages({ wanted: 'b', installed: 'a' })],
    'problem: package-lock.json has',
  ],
  [
    'packages installed by hand',
    [judgePackages({ wanted: 'a', installed: undefined })],
    'warning: The packages were',
  ],
  [
    'no lock file',
    [judgePackages({ wanted: undefined, installed: 'a' })],
    'skipped: There is no package-lock.json',
  ],
  ['no settings', judgeSettings({}, []), 'ok: No setting is given'],
  [
    'a wrong setting',
    judgeSettings({}, ['HONGBAO_PORT must be a port.']),
    'problem: HONGBAO_PORT must be a port.',
  ],
  [
    'much room',
    [judgeDisk('/d', { freeBytes: 100 * gib, totalBytes: 200 * gib }, [])],
    'ok: 100 GiB of 200 GiB are free',
  ],
  [
    'little room',
    [judgeDisk('/d', { freeBytes: gib, totalBytes: 200 * gib }, [])],
    'warning: 1.0 GiB of 200 GiB',
  ],
  [
    'next to no room',
    [judgeDisk('/d', { freeBytes: 9 * mib, totalBytes: gib }, [])],
    'problem: 9.0 MiB of 1.0 GiB',
  ],
  ['a server that is ready', judgeReadiness('It', { kind: 'ready' }), 'ok: It is ready.'],
  [
    'a server that is silent',
    judgeReadiness('It', { kind: 'silent', why: 'refused' }),
    'problem: It does not answer: refused.',
  ],
  [
    'a server that is not ready',
    judgeReadiness('It', { kind: 'failing', checks: ['database: gone'] }),
    'problem: It is not ready: database: gone.',
  ],
  ['a limit for all connections', [judgeDescriptors(1_048_576)], 'ok: A process may open 1,048,576 files'],
  ['no limit', [judgeDescriptors(Number.POSITIVE_INFINITY)], 'ok: A process may open any number of files'],
  ['a limit for some connections', [judgeDescriptors(4_096)], 'warning: A process may open 4,096 files'],
  ['a limit that is too low', [judgeDescriptors(256)], 'problem: A process may open 256 files'],
  ['no known limit', [judgeDescriptors(undefined)], 'skipped: This system does not say'],
  [
    'enough memory',
    [judgeMemory({ machineBytes: 8 * gib, containerBytes: 0, freeBytes: 4 * gib })],
    'ok: The machine has 8.0 GiB',
  ],
  [
    'a small container',
    [judgeMemory({ machineBytes: 8 * gib, containerBytes: 512 * mib, freeBytes: 400 * mib })],
    'warning: The container has 512 MiB',
  ],
  [
    'no memory left',
    [judgeMemory({ machineBytes: 8 * gib, containerBytes: 0, freeBytes: 9 * mib })],
    'warning: The machine has 8.0 GiB of memory, of which 9.0 MiB',
  ],
  [
    'clocks that agree',
    judgeClock({ nowMs: 0, newestEventMs: undefined, databaseAheadMs: 300 }),
    'ok: The clock agrees',
  ],
  [
    'an answer that took long',
    judgeClock({ nowMs: 0, newestEventMs: undefined, databaseAheadMs: 3_000, uncertainMs: 2_500 }),
    'ok: The clock agrees',
  ],
  [
    'a clock that is behind',
    judgeClock({ nowMs: 0, newestEventMs: undefined, databaseAheadMs: 3_000 }),
    "warning: The clock is 3.0 s behind PostgreSQL's.",
  ],
  [
    'a clock that is far ahead',
    judgeClock({ nowMs: 0, newestEventMs: undefined, databaseAheadMs: -90_000 }),
    "problem: The clock is 90.0 s ahead of PostgreSQL's.",
  ],
  [
    'events of the past',
    judgeClock({ nowMs: 5_000, newestEventMs: 0 }),
    'ok: The newest event is of 1970-01-01T00:00:00.000Z',
  ],
  [
    'an event of the future',
    judgeClock({ nowMs: 0, newestEventMs: 5_000 }),
    'problem: The clock is 5.0 s behind the newest event.',
  ],
  [
    'an event store that is stopped',
    [judgeEventStore({ kind: 'stopped', why: 'It is stopped.' }, undefined, false)],
    'skipped: It is stopped.',
  ],
  [
    'an event store that is away',
    [judgeEventStore({ kind: 'failed', why: 'refused' }, undefined, true)],
    'problem: It does not answer: refused.',
  ],
  [
    'an event store that answers',
    [
      judgeEventStore(
        { kind: 'there', it: { head: 7n, epoch: 'e' } },
        { version: '24.2', takesWrites: true },
        true,
      ),
    ],
    'ok: The outside store answers, version 24.2; its log ends at 7, epoch e.',
  ],
  [
    'an event store that takes no writes',
    [
      judgeEventStore(
        { kind: 'there', it: { head: -1n, epoch: '' } },
        { version: undefined, takesWrites: false },
        true,
      ),
    ],
    'problem: The outside store answers; its log ends at -1, no epoch yet. It takes no writes now.',
  ],
  ['a database that is away', [judgeUnreachable('refused', true)], 'problem: It does not answer: refused.'],
  ['all migrations', [judgeMigrations([migration(1)], [migration(1)])], 'ok: All 1 migrations are applied.'],
  [
    'a missing migration',
    [judgeMigrations([migration(1), migration(2)], [migration(1)])],
    'warning: Not applied yet: 0002_m.',
  ],
  ['an empty database', [judgeMigrations([migration(1)], [])], 'warning: The database is empty'],
  [
    'a newer database',
    [judgeMigrations([migration(1)], [migration(1), migration(2)])],
    'problem: The database has migration 0002_m, which this program does not know',
  ],
  [
    'an edited migration',
    [judgeMigrations([migration(1)], [migration(1, 'other')])],
    'problem: Migration 0001_m was edited',
  ],
  [
    'no overdue refund',
    [judgeScheduler({ open: 3, overdue: 0, isServed: true })],
    'ok: No refund is overdue; 3 packets are open.',
  ],
  [
    'overdue refunds while nothing runs',
    [judgeScheduler({ open: 3, overdue: 2, isServed: false })],
    'warning: 2 of 3 open packets',
  ],
  [
    'overdue refunds while a server runs',
    [judgeScheduler({ open: 3, overdue: 2, isServed: true })],
    'problem: 2 of 3 open packets',
  ],
  [
    'two different master keys',
    [judgeVault({ given: 'a', kept: 'b' }, 'opens')],
    'problem: HONGBAO_MASTER_KEY differs',
  ],
  [
    'the right master key',
    [judgeVault({ given: 'a', kept: undefined }, 'opens')],
    'ok: The master key opens the vault.',
  ],
  [
    'a wrong master key',
    [judgeVault({ given: 'a', kept: undefined }, 'closed')],
    'problem: The master key does not open the vault',
  ],
  [
    'no master key',
    [judgeVault({ given: undefined, kept: undefined }, 'closed')],
    'problem: The vault has secrets, and there is no master key.',
  ],
  [
    'an empty vault',
    [judgeVault({ given: undefined, kept: undefined }, 'nothing')],
    'ok: The vault is empty.',
  ],
  ['a good certificate', [certificate(90)], 'ok: ca.pem is good until'],
  ['a certificate that ends soon', [certificate(3)], 'warning: ca.pem ends on 1970-02-03, in 3 days.'],
  ['a certificate that has ended', [certificate(-1)], 'problem: ca.pem has ended on 1970-01-30.'],
  [
    'a certificate of the future',
    [judgeCertificate('ca.pem', { kind: 'certificate', fromMs: 9, untilMs: 99 }, 0)],
    'problem: ca.pem is not good yet.',
  ],
  [
    'a certificate that is missing',
    [judgeCertificate('ca.pem', { kind: 'unreadable', why: 'ENOENT' }, 0)],
    'problem: ca.pem cannot be used: ENOENT.',
  ],
];

function migration(number: number, checksum = 'c') {
  return { number, name: 'm', sql: '', checksum };
}

function certificate(daysLeft: number): Finding {
  const nowMs = 30 * dayMs;
  return judgeCertificate(
    'ca.pem',
    { kind: 'certificate', fromMs: 0, untilMs: nowMs + daysLeft * dayMs },
    nowMs,
  );
}

describe('hongbao doctor says of', () => {
  it.each(cases)('%s', (_what, findings, text) => {
    expect(told(...findings).filter((line) => line.includes(text))).toHaveLength(1);
  });
});

describe('the settings', () => {
  it('are told with where they come from, and no secret of them', () => {
    const env = {
      HONGBAO_PORT: '9000',
      DATABASE_URL: 'postgres://me:secret@db/x',
      HONGBAO_MASTER_KEY: 'secret',
    };
    const [finding] = judgeSettings(env, []);
    expect(finding?.details).toEqual([
      'HONGBAO_PORT = 9000, from the environment',
      'HONGBAO_MASTER_KEY is set (and not shown), from the environment',
      'DATABASE_URL is set (and not shown), from the environment',
    ]);
  });
});

describe('the data folder', () => {
  const good = {
    path: '/d',
    state: 'folder',
    writable: true,
    mode: 0o711,
    ownerUid: 7,
    ownUid: 7,
    openSecrets: [],
  } as const;

  it.each([
    ['is well', good, ['ok: /d is there, is writable, and is closed to others.']],
    [
      'is yet to be made',
      { ...good, state: 'missing' },
      ['ok: /d is not there yet: the first start makes it.'],
    ],
    [
      'cannot be made',
      { ...good, state: 'missing', writable: false },
      ['problem: /d cannot be made by this user.'],
    ],
    ['cannot be written', { ...good, writable: false }, ['problem: /d cannot be written by this user.']],
    ['is a file', { ...good, state: 'file' }, ['problem: /d is a file.']],
    [
      'may be listed by others',
      { ...good, mode: 0o755 },
      ['warning: Others may list or write /d (mode 755).'],
    ],
    [
      'belongs to somebody else',
      { ...good, ownerUid: 8 },
      ['warning: /d belongs to user 8, and this is user 7: what it writes, the owner cannot.'],
    ],
    [
      'has a secret that others may read',
      { ...good, openSecrets: ['/d/master.key'] },
      ['problem: Others may read /d/master.key, which holds a secret.'],
    ],
  ] as const)('%s', (_what, facts, lines) => {
    expect(told(...judgeDataFolder(facts))).toEqual(lines);
  });
});

describe('the port', () => {
  const port = { port: 80, host: '127.0.0.1', own: false, state: 'free', what: undefined } as const;

  it.each([
    ['is free', port, 'ok: Port 80 on 127.0.0.1 is free.'],
    [
      'is our own',
      { ...port, own: true, state: 'taken' },
      'ok: Port 80 on 127.0.0.1 is served by the server on the data folder.',
    ],
    ['is taken', { ...port, state: 'taken' }, 'problem: Port 80 on 127.0.0.1 is taken by another program.'],
    [
      'is taken by somebody',
      { ...port, state: 'taken', what: 'process 9 (nginx)' },
      'problem: Port 80 on 127.0.0.1 is taken by process 9 (nginx).',
    ],
    [
      'is not ours to take',
      { ...port, state: 'impossible', what: 'EACCES' },
      'problem: Port 80 on 127.0.0.1 cannot be served on: EACCES.',
    ],
  ] as const)('%s', (_what, facts, line) => {
    expect(told(judgePort(facts))).toEqual([line]);
  });
});

describe('the database', () => {
  const good = {
    version: '18.1',
    encoding: 'UTF8',
    fsync: 'on',
    fullPageWrites: 'on',
    synchronousCommit: 'off',
    connectionsMax: 97,
    connectionsTaken: 10,
    readOnly: false,
  };
  const bad = (facts: Partial<typeof good>): string[] =>
    told(...judgeDatabase({ ...good, ...facts })).filter((line) => !line.startsWith('ok'));

  it('is well, whatever a session says of waiting for the disk: what must be there waits by itself', () => {
    expect(bad({})).toEqual([]);
  });

  it.each([
    ['a replica', { readOnly: true }, 'problem: It takes no writes'],
    ['one without fsync', { fsync: 'off' }, 'problem: fsync is off'],
    ['one without whole pages', { fullPageWrites: 'off' }, 'warning: full_page_writes is off'],
    ['one of another encoding', { encoding: 'LATIN1' }, 'problem: Its encoding is LATIN1.'],
    ['one with few connections left', { connectionsTaken: 90 }, 'warning: 7 of its 97 connections are left.'],
    ['one with none left', { connectionsTaken: 96 }, 'problem: 1 of its 97 connections are left.'],
  ])('is told of: %s', (_what, facts, line) => {
    expect(bad(facts)).toEqual([expect.stringContaining(line)]);
  });
});

describe('the read models', () => {
  const status = {
    projection: 'friends',
    generation: 1,
    version: 2,
    state: 'live',
    partition: 0,
    partitionCount: 8,
    epoch: 'e',
    position: 9n,
    failure: null,
  } as const;
  const declared = [{ name: 'friends', version: 2 }];
  const generations = (...statuses: Parameters<typeof judgeGenerations>[0]['statuses']): string[] =>
    told(...judgeGenerations({ statuses, declared, rebuilding: new Set(['wallet']) }));

  it('have nothing to tell when all are live and of this version', () => {
    expect(generations(status)).toEqual([]);
  });

  it.each(['poison', 'ahead', 'epoch', 'rebuild'] as const)('stand still: %s', (reason) => {
    expect(generations({ ...status, failure: { reason, message: 'so it is' } })).toEqual([
      `problem: friends stands still (${reason}): so it is.`,
    ]);
  });

  it('are of another version, or not there', () => {
    expect(generations({ ...status, version: 1 })).toEqual([
      'warning: friends has rows of version 1, and this program makes version 2.',
    ]);
    expect(generations()).toEqual(['warning: There is no live friends yet.']);
  });

  it('have a shadow that was left behind, unless somebody is filling it', () => {
    const shadow = { ...status, generation: 2, state: 'shadow' } as const;
    expect(generations(status, shadow)).toEqual([
      'warning: Generation 2 of friends was left behind by a rebuild that was killed.',
    ]);
    expect(generations(status, { ...shadow, projection: 'wallet' })).toEqual([]);
  });

  const progress = (facts: Partial<Parameters<typeof judgeProgress>[0]>): string[] =>
    told(
      ...judgeProgress({ statuses: [status], lags: new Map(), isKept: true, head: 9n, epoch: 'e', ...facts }),
    );

  it.each([
    ['up to date', {}, "ok: 1 read models are live and up to the log's end."],
    ['a moment behind', { lags: new Map([['friends', 50]]) }, 'ok: 1 read models are live'],
    ['behind', { lags: new Map([['friends', limits.doctor.lagMsWarn + 1]]) }, 'warning: friends is behind'],
    [
      'far behind',
      { lags: new Map([['friends', limits.doctor.lagMsMax + 1]]) },
      'problem: friends is behind',
    ],
    [
      'behind while nothing runs',
      { lags: new Map([['friends', dayMs]]), isKept: false },
      'ok: No process keeps them now; 1 have events',
    ],
    ['of another history', { epoch: 'f' }, 'problem: friends has rows of another history'],
    ['beyond the log', { head: 5n }, "problem: friends is at 9, beyond the log's end at 5"],
  ])('are %s', (_what, facts, line) => {
    expect(progress(facts)).toEqual([expect.stringContaining(line)]);
  });
});

describe('the certificates', () => {
  it('are those that the URLs name, however the options are spelt', () => {
    const settings = loadSettings({
      ESDB_URL: 'esdb://h:2113?tls=true&tlsCAFile=/ca.pem&userCertFile=/me.pem',
      DATABASE_URL: 'postgres://h/x?sslrootcert=/db.pem',
    });
    expect(certificateFiles(settings)).toEqual(['/ca.pem', '/me.pem', '/db.pem']);
  });
});

describe('a number of bytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [20 * gib, '20 GiB'],
  ])('%d is %s', (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
});
