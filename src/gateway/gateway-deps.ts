import type { Logger } from 'pino';
import type { Accounts } from '../commands/accounts.ts';
import type { PaymentPins } from '../commands/payment-pins.ts';
import type { CommandService } from '../commands/requests.ts';
import type { ChangeBus } from '../projections/bus.ts';
import type { Metric } from '../runtime/metrics/metric.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Keyring } from '../vault/keyring.ts';
import type { Tokens } from '../vault/tokens.ts';
import type { ReadSide } from './read-side.ts';

/** Everything that a gateway needs of the world. Nothing of it is closed by the gateway. */
export interface GatewayDeps {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Sandbox deposits and demo accounts exist in development only. */
  readonly environment: 'development' | 'production';
  readonly commands: CommandService;
  readonly accounts: Accounts;
  readonly paymentPins: PaymentPins;
  readonly tokens: Pick<Tokens, 'verifyAccess' | 'revokedDevices'>;
  readonly keyring: Pick<Keyring, 'open'>;
  readonly reads: ReadSide;
  readonly bus: Pick<ChangeBus, 'subscribe'>;
  /** What must work for this process to be ready, by name. Each answers `undefined` or what is wrong. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** The numbers of this process. Without it there is no `/metrics`. */
  readonly metrics?: () => Promise<readonly Metric[]>;
  /** What whoever reads them must present; without it only this machine may, and in development only. */
  readonly metricsToken?: string | undefined;
  /** The folder of the built web page; without it, `/` answers not-found. */
  readonly webRoot?: string;
  /**
   * Origins (scheme, host, port) whose pages may open WebSockets beside the page's own. Clients that are not
   * browsers send no origin and are let in.
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * How many proxies stand in front. Each adds the address it sees to X-Forwarded-For: 1 takes the last entry for
   * the client's, 2 the one before it. What stands further left is the client's own word. Default: 0.
   */
  readonly proxyHops?: number;
  /**
   * Addresses whose requests are not counted. Default: this machine's own in development, where bots, tests and
   * benchmarks by the thousand share it; none in production. Guesses at one account are counted for everyone.
   */
  readonly unlimitedAddresses?: readonly string[];
  /** Where rates are counted when several gateways share them. Default: in memory. */
  readonly rateLimitRedis?: unknown;
  /** The accounts that a lone visitor can log in to; shown in development only. */
  readonly devAccounts?: readonly DevAccount[];
}

export interface DevAccount {
  readonly username: string;
  readonly password: string;
  readonly nickname: string;
}

/** Answers nothing or what there is to say when it is passed, and what is wrong, as a string, when it is not. */
export type ReadinessCheck = () => Promise<string | { readonly passed: string } | undefined>;
