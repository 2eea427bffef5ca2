import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  environmentOf,
  loadSettings,
  logLevels,
  roles,
  SettingsError,
  settingsSchema,
} from '../../src/config/settings.ts';
import { defaultPacketLimits } from '../../src/domain/packet/packet-limits.ts';

const key = 'ab'.repeat(32);

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it.each([
    ['DATABASE_URL', 'postgres://me:s3cretpw@host:99999/database'],
    ['DATABASE_URL', 'postgres://me:s3cret#pw@host/database'],
    ['REDIS_URL', 'redis://:s3cretpw@host:port'],
  ])('refuse a %s that is no URL, without repeating it: %s', (name, value) => {
    const [problem, ...others] = problemsOf({ [name]: value });
    expect(problem).toMatch(new RegExp(`^${name} is not a URL that can be read`));
    expect(problem).not.toContain('s3cret');
    expect(others).toEqual([]);
  });

  it.each([
    ['DATABASE_URL', 'postgres://me:my%23password@host:5432/database?sslmode=require'],
    ['DATABASE_URL', 'postgres://me@/database?host=/var/run/postgresql'],
    ['REDIS_URL', 'rediss://:password@host:6379/1'],
  ])('take a %s as its driver does: %s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([]);
  });

  it('have a default each, for development on this machine', () => {
    expect(loadSettings({})).toEqual({
      environment: 'development',
      host: '127.0.0.1',
      port: 8080,
      dataFolder: '.hongbao',
      esdbUrl: undefined,
      databaseUrl: undefined,
      redisUrl: undefined,
      masterKey: undefined,
      logLevel: 'info',
      roles: ['gateway', 'projector', 'scheduler'],
      projectors: 0,
      allowEmbedded: false,
      proxyHops: 0,
      allowedOrigins: [],
      metricsToken: undefined,
      packetLimits: defaultPacketLimits,
    });
  });

  it('ignore what is not ours, and take an empty variable for one that is not set', () => {
    expect(loadSettings({ PATH: '/bin', HOME: '/', HONGBAO_PORT: '', DATABASE_URL: '' })).toEqual(
      loadSettings({}),
    );
  });

  it.each([
    ['HONGBAO_PORT', '65536'],
    ['HONGBAO_PORT', '-1'],
    ['HONGBAO_PORT', '80.5'],
    ['HONGBAO_PORT', ' 80'],
    ['HONGBAO_ENV', 'prod'],
    ['HONGBAO_HOST', 'http://here'],
    ['HONGBAO_ROLES', 'gateway,cook'],
    ['HONGBAO_ROLES', 'gateway,'],
    ['HONGBAO_PROJECTORS', '9'],
    ['HONGBAO_PROJECTORS', 'two'],
    ['HONGBAO_LOG_LEVEL', 'loud'],
    ['HONGBAO_PACKET_FEN_MAX', '0'],
    ['HONGBAO_SENT_FEN_PER_DAY', '1.5'],
    ['HONGBAO_RECEIVED_SHARES_PER_DAY', 'none'],
    ['HONGBAO_ALLOW_EMBEDDED', 'yes'],
    ['ESDB_URL', 'http://127.0.0.1:2113'],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['HONGBAO_MASTER_KEY', 'short'],
  ])('refuse %s=%s with a sentence that names it and says what it must be', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${name} must be .+\\.$`)),
    ]);
  });

  it('refuse an unknown HONGBAO_ variable, since it is a setting that somebody believes in', () => {
    expect(problemsOf({ HONGBAO_PROT: '9090' })).toEqual([
      expect.stringMatching(/^HONGBAO_PROT is not a setting\. .*HONGBAO_PORT/),
    ]);
  });

  it('report every problem at once', () => {
    const problems = problemsOf({ HONGBAO_PORT: 'x', HONGBAO_ENV: 'production', HONGBAO_X: '1' });
    expect(problems.map((problem) => problem.split(' ').slice(0, 3).join(' '))).toEqual([
      'HONGBAO_X is not',
      'HONGBAO_PORT must be',
      'Production needs HONGBAO_MASTER_KEY:',
      'Production needs ESDB_URL,',
      'Production needs DATABASE_URL,',
    ]);
  });

  it('never repeat a secret in a message', () => {
    const problems = problemsOf({
      HONGBAO_MASTER_KEY: 'hunter2',
      DATABASE_URL: 'mysql://me:hunter2@x/y',
      ESDB_URL: 'http://me:hunter2@x',
      REDIS_URL: 'tcp://me:hunter2@x',
    });
    expect(problems).toHaveLength(4);
    expect(problems.join(' ')).not.toContain('hunter2');
  });

  it('let production use the embedded engines only when it is told so', () => {
    const production = { HONGBAO_ENV: 'production', HONGBAO_MASTER_KEY: key };
    expect(problemsOf(production)).toHaveLength(2);
    expect(loadSettings({ ...production, HONGBAO_ALLOW_EMBEDDED: '1' }).environment).toBe('production');
    const engines = { ESDB_URL: 'esdb://x:2113', DATABASE_URL: 'postgres://x/y' };
    expect(loadSettings({ ...production, ...engines }).esdbUrl).toBe('esdb://x:2113');
  });

  it('are each described, for the documents that list them', () => {
    for (const { description, mustBe } of Object.values(settingsSchema)) {
      expect(description).toMatch(/\.$/);
      expect(mustBe).toMatch(/\S/);
    }
  });

  it('keep the order of roles whatever the order that they are given in', () => {
    expect(loadSettings({ HONGBAO_ROLES: 'scheduler,gateway,gateway' }).roles).toEqual([
      'gateway',
      'scheduler',
    ]);
  });

  it('survive the way to a child process: what a child reads is what its parent had', () => {
    const limit = fc.integer({ min: 1, max: 999_999_999_999 });
    const settings = fc.record({
      environment: fc.constant('production' as const),
      host: fc.domain(),
      port: fc.integer({ min: 0, max: 65_535 }),
      dataFolder: fc.stringMatching(/^[^\0]+$/),
      esdbUrl: fc.option(fc.constant('esdb://x'), { nil: undefined }),
      databaseUrl: fc.option(fc.constant('postgresql://u:p@h/d'), { nil: undefined }),
      redisUrl: fc.option(fc.constant('rediss://h'), { nil: undefined }),
      masterKey: fc.constantFrom(key, `1:${key},2:${key}`),
      logLevel: fc.constantFrom(...logLevels),
      roles: fc.subarray([...roles], { minLength: 1 }),
      projectors: fc.integer({ min: 0, max: 8 }),
      allowEmbedded: fc.constant(true),
      proxyHops: fc.integer({ min: 0, max: 9 }),
      metricsToken: fc.constantFrom(undefined, 'a-token-of-the-operator'),
      packetLimits: fc.record({
        totalFenMax: limit,
        shareFenMax: limit,
        countMax: limit,
        sentPerDay: fc.record({ fenMax: limit, countMax: limit }),
        receivedPerDay: fc.record({ fenMax: limit, countMax: limit }),
      }),
      allowedOrigins: fc.subarray(['https://chat.example.com', 'http://localhost:5173']),
    });
    fc.assert(
      fc.property(settings, (given) => {
        expect(loadSettings(environmentOf(given))).toEqual(given);
      }),
    );
  });
});
