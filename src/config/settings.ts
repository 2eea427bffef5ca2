import type { PacketLimits } from '../domain/packet/packet-limits.ts';
import { defaultPacketLimits } from '../domain/packet/packet-limits.ts';

/**
 * The parts of the program that one process may do: serve clients, keep the read models, end packets on time.
 */
export const roles = ['gateway', 'projector', 'scheduler'] as const;
type Role = (typeof roles)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

export interface Settings {
  readonly environment: 'development' | 'production';
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** As it was given: relative to the working directory when it is relative. */
  readonly dataFolder: string;
  /** EventStoreDB / KurrentDB. Without it the embedded event node is started. */
  readonly esdbUrl: string | undefined;
  /** PostgreSQL. Without it the embedded one is started. */
  readonly databaseUrl: string | undefined;
  /** Redis, for a bus between processes. Without it the bus is inside the one process. */
  readonly redisUrl: string | undefined;
  /** Unparsed (see vault/master-key.ts). Without it, in development, the data folder keeps one. */
  readonly masterKey: string | undefined;
  readonly logLevel: LogLevel;
  readonly roles: readonly Role[];
  /** Processes of their own that share the projector's role out; 0: the one process does it too. */
  readonly projectors: number;
  readonly allowEmbedded: boolean;
  /** Whether X-Forwarded-For is believed: only behind a proxy that sets it. */
  /** Proxies in front whose entries in X-Forwarded-For are believed, counted from the last. */
  readonly proxyHops: number;
  /** Origins of pages elsewhere that may open WebSockets here. */
  readonly allowedOrigins: readonly string[];
  /** What whoever reads the metrics must present. */
  readonly metricsToken: string | undefined;
  /** What may be sent and received. */
  readonly packetLimits: PacketLimits;
}

/** The environment asks for something that cannot be. The message holds every problem, one sentence a line. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** A variable, always optional: what its text must look like, for the operator and for the program, and what it is for. */
export interface Variable {
  /** Ends a sentence that begins with the name and `must be`. */
  readonly mustBe: string;
  readonly pattern: RegExp;
  readonly description: string;
}

function text(mustBe: string, pattern: RegExp, description: string): Variable {
  return { mustBe, pattern, description };
}

const count = (description: string) =>
  text('a whole number from 1 to 999999999999', /^[1-9]\d{0,11}$/, description);

const port = /^(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;
const secret = '[0-9a-fA-F]{64}';
const masterKey = new RegExp(`^(${secret}|\\d{1,3}:${secret}(,\\d{1,3}:${secret})*)$`);
const roleList = new RegExp(`^(${roles.join('|')})(,(${roles.join('|')}))*$`);

/**
 * Every environment variable that the program reads: what it is for, and what it may hold.
 *
 * Plain data: every command of the CLI begins with it, and a library for schemas costs more than all else it loads.
 */
export const settingsSchema = {
  HONGBAO_ENV: text('development or production', /^(development|production)$/, 'Default: development.'),
  HONGBAO_HOST: text('a host name or an address', /^[^\s/]+$/, 'Address to serve on. Default: 127.0.0.1.'),
  HONGBAO_PORT: text('a port from 0 (any free one) to 65535', port, 'Port to serve on. Default: 8080.'),
  HONGBAO_DATA: text('a path', /^[^\0]+$/, 'Folder of everything kept. Default: .hongbao.'),
  HONGBAO_MASTER_KEY: text(
    '64 hex digits (make one with `openssl rand -hex 32`), or several as 1:<64 hex>,2:<64 hex>',
    masterKey,
    'Protects the secrets in the vault. Development makes one on the first start and keeps it in the data folder.',
  ),
  HONGBAO_LOG_LEVEL: text(
    `one of ${logLevels.join(', ')}`,
    new RegExp(`^(${logLevels.join('|')})$`),
    'Default: info.',
  ),
  HONGBAO_ROLES: text(
    `a comma-separated list of ${roles.join(', ')}`,
    roleList,
    'What this process does. Default: all.',
  ),
  HONGBAO_PROJECTORS: text(
    'a whole number from 0 to 8',
    /^[0-8]$/,
    'How many processes of their own keep the read models; 0: the server itself does. Default: 0.',
  ),
  HONGBAO_ALLOW_EMBEDDED: text(
    '0 or 1',
    /^[01]$/,
    '1 lets production run on the embedded engines of a single machine. Default: 0.',
  ),
  HONGBAO_TRUST_PROXY: text(
    'a whole number from 0 to 9',
    /^[0-9]$/,
    'How many proxies of yours stand in front, each adding the address it sees to X-Forwarded-For. Default: 0.',
  ),
  HONGBAO_ALLOWED_ORIGINS: text(
    'a comma-separated list of origins like https://chat.example.com',
    /^https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*$/,
    "Origins, beside the server's own, whose pages may open WebSockets. Default: none.",
  ),
  HONGBAO_METRICS_TOKEN: text(
    '16 or more characters without spaces (make one with `openssl rand -hex 32`)',
    /^[A-Za-z0-9._~+/=-]{16,}$/,
    'Whoever reads /metrics presents it. Default: none, and then only this machine reads them, in development.',
  ),
  HONGBAO_PACKET_FEN_MAX: count(
    `How much one packet holds at most, in fen. Default: ${defaultPacketLimits.totalFenMax}.`,
  ),
  HONGBAO_PACKET_SHARE_FEN_MAX: count(
    `How much one share holds at most, in fen. Default, and the most: ${defaultPacketLimits.shareFenMax}.`,
  ),
  HONGBAO_PACKET_SHARES_MAX: count(
    `How many shares a packet has at most. Default, and the most: ${defaultPacketLimits.countMax}.`,
  ),
  HONGBAO_SENT_FEN_PER_DAY: count(
    `What one user sends in a day at most, in fen. Default: ${defaultPacketLimits.sentPerDay.fenMax}.`,
  ),
  HONGBAO_SENT_PACKETS_PER_DAY: count(
    `How many packets one user sends in a day. Default: ${defaultPacketLimits.sentPerDay.countMax}.`,
  ),
  HONGBAO_RECEIVED_FEN_PER_DAY: count(
    `What one user receives in a day at most, in fen: checked before a grab. Default: ${defaultPacketLimits.receivedPerDay.fenMax}.`,
  ),
  HONGBAO_RECEIVED_SHARES_PER_DAY: count(
    `How many shares one user receives in a day. Default: ${defaultPacketLimits.receivedPerDay.countMax}.`,
  ),
  ESDB_URL: text(
    'like esdb://host:2113?tls=false',
    /^esdb(\+discover)?:\/\/\S+$/,
    'An EventStoreDB or KurrentDB to use. Default: the embedded event node.',
  ),
  DATABASE_URL: text(
    'like postgres://user:password@host:5432/database',
    /^postgres(ql)?:\/\/\S+$/,
    'A PostgreSQL to use. Default: the embedded one.',
  ),
  REDIS_URL: text(
    'like redis://host:6379',
    /^rediss?:\/\/\S+$/,
    'A Redis between processes. Default: none, for one process.',
  ),
} as const satisfies Readonly<Record<string, Variable>>;

type VariableName = keyof typeof settingsSchema;
type Variables = Readonly<Partial<Record<VariableName, string | undefined>>>;

/** Their values are not repeated in messages, which end up in logs. */
export const secretVariables: readonly VariableName[] = [
  'HONGBAO_MASTER_KEY',
  'HONGBAO_METRICS_TOKEN',
  'ESDB_URL',
  'DATABASE_URL',
  'REDIS_URL',
];

/**
 * Reads the settings from an environment. Pure: it looks at nothing else, not even the file system. A variable
 * that is set to nothing counts as not set, since that is what templates of deployments leave behind.
 *
 * @throws SettingsError with a sentence for every unknown `HONGBAO_*` variable and every bad or missing value.
 */
export function loadSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const known = Object.keys(settingsSchema);
  const names = Object.keys(env).filter((name) => known.includes(name) || name.startsWith('HONGBAO_'));
  const given: Variables = Object.fromEntries(
    names.filter((name) => env[name]).map((name) => [name, env[name]]),
  );
  const problems = [
    ...names.filter((name) => !known.includes(name)).map((name) => unknownVariable(name, known)),
    ...badValues(given),
    ...missingInProduction(given),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
  return settingsFrom(given);
}

/** The environment that `loadSettings` reads these settings from: for a child that is to have the same. */
export function environmentOf(settings: Settings): Record<VariableName, string | undefined> {
  return {
    HONGBAO_ENV: settings.environment,
    HONGBAO_HOST: settings.host,
    HONGBAO_PORT: String(settings.port),
    HONGBAO_DATA: settings.dataFolder,
    HONGBAO_MASTER_KEY: settings.masterKey,
    HONGBAO_LOG_LEVEL: settings.logLevel,
    HONGBAO_ROLES: settings.roles.join(','),
    HONGBAO_PROJECTORS: String(settings.projectors),
    HONGBAO_ALLOW_EMBEDDED: settings.allowEmbedded ? '1' : '0',
    HONGBAO_TRUST_PROXY: String(settings.proxyHops),
    HONGBAO_ALLOWED_ORIGINS: settings.allowedOrigins.join(',') || undefined,
    HONGBAO_METRICS_TOKEN: settings.metricsToken,
    HONGBAO_PACKET_FEN_MAX: String(settings.packetLimits.totalFenMax),
    HONGBAO_PACKET_SHARE_FEN_MAX: String(settings.packetLimits.shareFenMax),
    HONGBAO_PACKET_SHARES_MAX: String(settings.packetLimits.countMax),
    HONGBAO_SENT_FEN_PER_DAY: String(settings.packetLimits.sentPerDay.fenMax),
    HONGBAO_SENT_PACKETS_PER_DAY: String(settings.packetLimits.sentPerDay.countMax),
    HONGBAO_RECEIVED_FEN_PER_DAY: String(settings.packetLimits.receivedPerDay.fenMax),
    HONGBAO_RECEIVED_SHARES_PER_DAY: String(settings.packetLimits.receivedPerDay.countMax),
    ESDB_URL: settings.esdbUrl,
    DATABASE_URL: settings.databaseUrl,
    REDIS_URL: settings.redisUrl,
  };
}

function settingsFrom(variables: Variables): Settings {
  const asked = variables.HONGBAO_ROLES?.split(',') ?? roles;
  return {
    environment: variables.HONGBAO_ENV === 'production' ? 'production' : 'development',
    host: variables.HONGBAO_HOST ?? '127.0.0.1',
    port: Number(variables.HONGBAO_PORT ?? '8080'),
    dataFolder: variables.HONGBAO_DATA ?? '.hongbao',
    esdbUrl: variables.ESDB_URL,
    databaseUrl: variables.DATABASE_URL,
    redisUrl: variables.REDIS_URL,
    masterKey: variables.HONGBAO_MASTER_KEY,
    logLevel: logLevels.find((level) => level === variables.HONGBAO_LOG_LEVEL) ?? 'info',
    roles: roles.filter((role) => asked.includes(role)),
    projectors: Number(variables.HONGBAO_PROJECTORS ?? '0'),
    allowEmbedded: variables.HONGBAO_ALLOW_EMBEDDED === '1',
    proxyHops: Number(variables.HONGBAO_TRUST_PROXY ?? '0'),
    allowedOrigins: variables.HONGBAO_ALLOWED_ORIGINS?.split(',') ?? [],
    metricsToken: variables.HONGBAO_METRICS_TOKEN,
    packetLimits: packetLimitsFrom(variables),
  };
}

function packetLimitsFrom(variables: Variables): PacketLimits {
  const { totalFenMax, shareFenMax, countMax, sentPerDay, receivedPerDay } = defaultPacketLimits;
  const given = (text: string | undefined, otherwise: number): number => Number(text ?? otherwise);
  return {
    totalFenMax: given(variables.HONGBAO_PACKET_FEN_MAX, totalFenMax),
    shareFenMax: given(variables.HONGBAO_PACKET_SHARE_FEN_MAX, shareFenMax),
    countMax: given(variables.HONGBAO_PACKET_SHARES_MAX, countMax),
    sentPerDay: {
      fenMax: given(variables.HONGBAO_SENT_FEN_PER_DAY, sentPerDay.fenMax),
      countMax: given(variables.HONGBAO_SENT_PACKETS_PER_DAY, sentPerDay.countMax),
    },
    receivedPerDay: {
      fenMax: given(variables.HONGBAO_RECEIVED_FEN_PER_DAY, receivedPerDay.fenMax),
      countMax: given(variables.HONGBAO_RECEIVED_SHARES_PER_DAY, receivedPerDay.countMax),
    },
  };
}

function unknownVariable(name: string, known: readonly string[]): string {
  const own = known.filter((candidate) => candidate.startsWith('HONGBAO_'));
  return `${name} is not a setting. Take it out of the environment, or correct its name: ${own.join(', ')}.`;
}

function badValues(given: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(settingsSchema).flatMap(([name, { pattern, mustBe }]) => {
    const value = given[name];
    if (value === undefined) return [];
    if (pattern.test(value)) return isUnreadableUrl(name, value) ? [unreadableUrl(name)] : [];
    const shown = secretVariables.some((variable) => variable === name) ? '' : ` (it is "${value}")`;
    return [`${name} must be ${mustBe}${shown}.`];
  });
}

/** Those that their drivers read as URLs. An ESDB_URL may name several hosts: its driver alone can judge it. */
function isUnreadableUrl(name: string, value: string): boolean {
  if (name !== 'DATABASE_URL' && name !== 'REDIS_URL') return false;
  // Without a host it means a Unix socket.
  return !URL.canParse(value.replace('@/', '@localhost/'));
}

function unreadableUrl(name: string): string {
  return (
    `${name} is not a URL that can be read. The port must be from 1 to 65535, and special characters of the ` +
    'password must be percent-encoded (# is %23, / is %2F).'
  );
}

function missingInProduction(given: Variables): string[] {
  if (given.HONGBAO_ENV !== 'production') return [];
  const problems: string[] = [];
  if (given.HONGBAO_MASTER_KEY === undefined) {
    problems.push(
      'Production needs HONGBAO_MASTER_KEY: make it once with `openssl rand -hex 32` and keep it for ever, ' +
        'apart from the backups. Without it nobody can log in and no message can be read.',
    );
  }
  if (given.HONGBAO_ALLOW_EMBEDDED === '1') return problems;
  for (const [name, engine] of [
    ['ESDB_URL', 'an EventStoreDB or KurrentDB'],
    ['DATABASE_URL', 'a PostgreSQL'],
  ] as const) {
    if (given[name] === undefined) {
      problems.push(
        `Production needs ${name}, the URL of ${engine}. To run on the embedded engines of this one machine ` +
          'instead, set HONGBAO_ALLOW_EMBEDDED=1.',
      );
    }
  }
  return problems;
}
