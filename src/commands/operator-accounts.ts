import { accountDecider } from '../domain/account/account-decider.ts';
import type { AccountEvent, UsernameEvent } from '../domain/account/account-events.ts';
import type { AccountState } from '../domain/account/account-state.ts';
import { type UsernameState, usernameDecider } from '../domain/account/username-decider.ts';
import type { Decider, Rejection } from '../domain/decider.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { UserId } from '../domain/ids.ts';
import { streams } from '../domain/streams.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import { normaliseUsername } from './credentials.ts';
import type { EventLog } from './event-log.ts';
import { EventLogUnavailable } from './event-log.ts';
import { eventOf } from './loaded-aggregate.ts';

type OperatorDeps = { readonly log: EventLog; readonly runtime: Pick<Runtime, 'ids' | 'clock'> };

export interface StandingChange {
  readonly userId: UserId;
  readonly to: 'frozen' | 'active';
  /** Why: it stays in the log. */
  readonly reason: string;
  /** The operator: it stays in the log, as the event's actor. */
  readonly by: string;
}

/** `recorded`: the log says it from now on. `known`: it was so before, and nothing was written. */
export type StandingOutcome =
  | { readonly kind: 'recorded' | 'known' }
  | { readonly kind: 'refused'; readonly rejection: Rejection };

/**
 * Freezes or unfreezes an account by the rules of its aggregate, beside any servers that run on the log. Answers when it
 * is durable; servers heed it within a second. Throws `EventLogUnavailable`, and what the log throws.
 */
export async function changeStanding(
  { log, runtime }: OperatorDeps,
  { userId, to, reason, by }: StandingChange,
): Promise<StandingOutcome> {
  const stream = streams.account(userId);
  const id = runtime.ids.next();
  for (;;) {
    const account = await foldStream<AccountState, AccountEvent>(log, stream, accountDecider);
    // After an append of unknown fate: ours.
    if (account.ids.has(id)) return { kind: 'recorded' };
    const type = to === 'frozen' ? 'FreezeAccount' : 'UnfreezeAccount';
    const timeMs = Math.max(runtime.clock.nowMs(), account.lastTimeMs);
    const context = { nowMs: timeMs, nextRevision: account.revision + 1 };
    const decision = accountDecider.decide({ type, reason }, account.state, context);
    if (decision.kind === 'rejected') return { kind: 'refused', rejection: decision.rejection };
    const [event] = decision.events;
    if (event === undefined) return { kind: 'known' };
    const result = await log.append(stream, account.revision, [
      {
        id,
        type: event.type,
        data: event.data,
        metadata: {
          $correlationId: id,
          $causationId: id,
          actor: `system:operator/${by}`,
          commandId: id,
          bodyHash: bodyHashOf({ to, reason }),
          timeMs,
          schemaVersion: schemaVersionOf(event.type),
        },
      },
    ]);
    if (result.kind === 'appended') return { kind: 'recorded' };
    if (result.kind === 'unknown') {
      const again = await foldStream<AccountState, AccountEvent>(log, stream, accountDecider);
      if (again.ids.has(id)) return { kind: 'recorded' };
      throw new EventLogUnavailable(`whether the account is ${to} is not known: ${result.cause}`);
    }
  }
}

/** Who has this user name, by the keyed hash of it. Throws as the log's reads do. */
export async function holderOfUsername(
  log: EventLog,
  usernameHash: (normalised: string) => string,
  username: string,
): Promise<UserId | undefined> {
  const stream = streams.username(usernameHash(normaliseUsername(username)));
  const { state } = await foldStream<UsernameState, UsernameEvent>(log, stream, usernameDecider);
  return state.heldBy ?? undefined;
}

async function foldStream<State, Event extends DomainEvent>(
  log: EventLog,
  stream: string,
  { initialState, evolve }: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
) {
  let state = initialState;
  let revision = -1;
  let lastTimeMs = 0;
  const ids = new Set<string>();
  for await (const recorded of log.readStream(stream)) {
    const { timeMs } = recorded.metadata;
    state = evolve(state, eventOf<Event>(recorded), { revision: recorded.revision, timeMs });
    revision = recorded.revision;
    lastTimeMs = Math.max(lastTimeMs, timeMs);
    ids.add(recorded.id);
  }
  return { state, revision, lastTimeMs, ids };
}
