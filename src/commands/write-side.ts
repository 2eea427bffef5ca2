import type { Logger } from 'pino';
import { limits } from '../config/limits.ts';
import type { PacketLimits } from '../domain/packet/packet-limits.ts';
import { defaultPacketLimits } from '../domain/packet/packet-limits.ts';
import type { LeaseStore } from '../runtime/leases.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Keyring } from '../vault/keyring.ts';
import { createKeyring } from '../vault/keyring.ts';
import type { MasterKey } from '../vault/master-key.ts';
import type { PasswordHasher } from '../vault/password-hasher.ts';
import { createPasswordHasher } from '../vault/password-hasher.ts';
import { createPaymentTokens } from '../vault/payment-tokens.ts';
import type { Tokens } from '../vault/tokens.ts';
import { createTokens } from '../vault/tokens.ts';
import type { Vault } from '../vault/vault.ts';
import type { Accounts } from './accounts.ts';
import { createAccounts } from './accounts.ts';
import { AggregateLoader } from './aggregate-loader.ts';
import { createAggregates } from './aggregates.ts';
import { ClockGuard } from './clock-guard.ts';
import type { CommandHistory } from './command-history.ts';
import { createCommandService } from './command-service.ts';
import type { EventLog } from './event-log.ts';
import { beginEpochOfOlderLog, ensureLogEpoch } from './log-epoch.ts';
import type { LogWitness } from './log-witness.ts';
import { PhraseTries } from './phrase-tries.ts';
import type { PaymentPins } from './payment-pins.ts';
import { createPaymentPins } from './payment-pins.ts';
import { createPreconditions } from './preconditions.ts';
import type { FollowerStatus } from './process-managers/follower.ts';
import type { FollowerCheckpoints } from './process-managers/follower-checkpoints.ts';
import { createProcessManagers } from './process-managers/process-managers.ts';
import { ReceiptBuffer } from './receipt-buffer.ts';
import { refundPacket } from './refund-packet.ts';
import type { RefundPort } from './refund-port.ts';
import type { CommandService } from './requests.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { WriteScope } from './write-scope.ts';

type Bounds<Section> = { readonly [Name in keyof Section]: number };
type CommandBounds = Bounds<typeof limits.commands>;
type VaultBounds = Bounds<typeof limits.vault>;

export interface WriteSideOptions {
  /** Not closed by the write side, and neither is anything else that it is given. */
  readonly eventLog: EventLog;
  readonly vault: Vault;
  readonly stores: {
    readonly snapshots: SnapshotStore;
    readonly history: CommandHistory;
    readonly checkpoints: FollowerCheckpoints;
    readonly leases: LeaseStore;
    /** Knows whether the log has been longer than it is. */
    readonly witness: LogWitness;
  };
  readonly masterKey: MasterKey;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Whether users may deposit money that comes from nowhere: in development only. */
  readonly sandboxMoney: boolean;
  /** What may be sent and received. Default: `defaultPacketLimits`. */
  readonly packetLimits?: PacketLimits;
  /** Default: argon2id. */
  readonly passwords?: PasswordHasher;
  /** Bounds that differ from `limits.commands` and `limits.vault`. */
  readonly bounds?: Partial<CommandBounds & VaultBounds>;
}

export interface WriteSide {
  /** The name of the log's history. */
  readonly epoch: string;
  readonly commands: CommandService;
  readonly accounts: Accounts;
  readonly paymentPins: PaymentPins;
  readonly tokens: Tokens;
  readonly keyring: Keyring;
  readonly refunds: RefundPort;
  /** Begins to finish what others left, settle packets and post notices. In one process at least. */
  startProcessManagers(): void;
  /** For /health: what each process manager does, and what holds it up. */
  processManagers(): readonly FollowerStatus[];
  /** Lets everything under way end. No request may be made any more. */
  close(): Promise<void>;
}

/**
 * Opens the write side: names the log's history on the very first start, and anew when the log is an older copy of
 * what it was. Nothing is appended before that. Throws `EventLogUnavailable`.
 */
export async function openWriteSide(options: WriteSideOptions): Promise<WriteSide> {
  const { eventLog, vault, stores, masterKey, runtime, logger, sandboxMoney } = options;
  const bounds: CommandBounds & VaultBounds = { ...limits.commands, ...limits.vault, ...options.bounds };
  const older = await beginEpochOfOlderLog(eventLog, runtime, stores.witness);
  if (older !== undefined) {
    const { head, seen, before } = older;
    logger.warn(
      { head: String(head), seen: String(seen), before },
      'the log is older than what was seen of it: a new epoch begins, and read models are to be rebuilt',
    );
  }
  const epoch = await ensureLogEpoch(eventLog, runtime);
  const tokens = await createTokens({
    vault,
    runtime,
    accessTokenTtlMs: bounds.accessTokenTtlMs,
    refreshTokenTtlMs: bounds.refreshTokenTtlMs,
    refreshRetryGraceMs: bounds.refreshRetryGraceMs,
  });
  const paymentTokens = await createPaymentTokens({
    vault,
    clock: runtime.clock,
    random: runtime.random,
    paymentTokenTtlMs: bounds.paymentTokenTtlMs,
  });
  const keyring = createKeyring({
    vault,
    clock: runtime.clock,
    random: runtime.random,
    cachedDataKeysMax: bounds.cachedDataKeysMax,
    cachedDataKeyAgeMs: bounds.cachedDataKeyAgeMs,
  });
  const loader = new AggregateLoader({ eventLog, snapshots: stores.snapshots, epoch, logger, bounds });
  const aggregates = createAggregates(
    {
      eventLog,
      loader,
      history: stores.history,
      epoch,
      runtime,
      logger,
      bounds,
      load: { pendingCommands: 0 },
      ticks: { now: 0 },
    },
    bounds,
  );
  const preconditions = createPreconditions(aggregates, runtime.clock, bounds);
  const receipts = new ReceiptBuffer({ eventLog, aggregates, preconditions, runtime, logger, bounds });
  const scope: WriteScope = {
    eventLog,
    aggregates,
    preconditions,
    receipts,
    keyring,
    masterKey,
    paymentTokens,
    runtime,
    logger,
    sandboxMoney,
    packetLimits: options.packetLimits ?? defaultPacketLimits,
    phraseTries: new PhraseTries(runtime.clock, bounds),
    dayTotalAgeMs: bounds.dayTotalAgeMs,
    peekAgeMs: bounds.peekAgeMs,
  };
  const passwords = options.passwords ?? createPasswordHasher(bounds);
  const { checkpoints, leases } = stores;
  const processManagers = createProcessManagers({ scope, epoch, checkpoints, leases, bounds });
  const clockGuard = new ClockGuard(runtime.clock, bounds, logger);
  const refundScope = { ...scope, clockGuard, busyRetryAfterMs: bounds.busyRetryAfterMs };

  return {
    epoch,
    commands: createCommandService(scope),
    accounts: createAccounts({ scope, vault, tokens, passwords, bounds }),
    paymentPins: createPaymentPins({ scope, vault, passwords, paymentTokens, bounds }),
    tokens,
    keyring,
    refunds: {
      refundPacket: (packetId) => refundPacket(refundScope, packetId),
      pausedMs: () => clockGuard.pausedMs(),
    },
    startProcessManagers() {
      for (const manager of processManagers) manager.start();
    },
    processManagers: () => processManagers.map((manager) => manager.status),
    async close() {
      await receipts.drain();
      await Promise.all(processManagers.map((manager) => manager.stop()));
    },
  };
}
