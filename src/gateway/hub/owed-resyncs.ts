import type { Position } from '../../commands/event-log.ts';
import { limits } from '../../config/limits.ts';
import type { ConversationId } from '../../domain/ids.ts';
import type { Change } from '../../projections/changes.ts';
import type { Runtime, TimerHandle } from '../../runtime/runtime.ts';
import type { Connection } from '../socket/connection.ts';
import { encodePush, resyncAllFrame } from '../socket/encode-frame.ts';
import type { Hub } from './hub.ts';
import type { MembershipGate } from './membership-gate.ts';

export interface OwedResyncsOptions {
  readonly hub: Hub;
  readonly gate: Pick<MembershipGate, 'opensFor'>;
  readonly runtime: Pick<Runtime, 'timers'>;
  readonly push: (connection: Connection, frame: Buffer) => void;
  readonly resyncEveryone: (reason: string) => void;
}

interface Owed {
  /** The first item that was not pushed, if any was. */
  from: number | undefined;
  /** Whether something was left out that is no item: a packet's state, a receipt. */
  hasOther: boolean;
  /** Whether something was left out since its members were last told. */
  isNew: boolean;
}

/**
 * What goes to groups while their memberships are not known well enough to push it: nothing of the content, but
 * word that there is something to read, which the read side then gives to members only. Each conversation is told
 * once per `owedResyncMs`; when the memberships have caught up, whoever is a member then is told once more.
 */
export class OwedResyncs {
  readonly #options: OwedResyncsOptions;
  readonly #owed = new Map<ConversationId, Owed>();
  /** More conversations than are kept. */
  #isOverfull = false;
  #upTo: Position = 0n;
  #timer: TimerHandle | undefined;
  #isStopped = false;

  constructor(options: OwedResyncsOptions) {
    this.#options = options;
  }

  /** Leaves these changes, of up to `position`, out. */
  owe(changes: readonly Change[], position: Position): void {
    if (position > this.#upTo) this.#upTo = position;
    for (const change of changes) {
      if (change.kind !== 'message' && change.kind !== 'packet' && change.kind !== 'receipt') continue;
      if (change.audience.kind !== 'conversation') continue;
      const { conversationId } = change.audience;
      const owed = this.#owed.get(conversationId) ?? { from: undefined, hasOther: false, isNew: false };
      if (change.kind === 'message') {
        owed.from ??= change.message.seq;
        owed.isNew = true;
      } else owed.hasOther = true;
      if (this.#owed.size < limits.gateway.owedConversationsMax) this.#owed.set(conversationId, owed);
      else if (!this.#owed.has(conversationId)) this.#isOverfull = true;
    }
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#tell();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#options.runtime.timers.after(limits.gateway.owedResyncMs, () => {
      void this.#onTimer();
    });
  }

  async #onTimer(): Promise<void> {
    const upTo = this.#upTo;
    const hasCaughtUp = (await this.#options.gate.opensFor(upTo)) && upTo === this.#upTo;
    if (this.#isStopped) return;
    if (!hasCaughtUp) {
      this.#tell();
      this.#schedule();
      return;
    }
    this.#timer = undefined;
    this.#settle();
  }

  /** Those who count as members until better is known hear what to read; without content, that gives nothing away. */
  #tell(): void {
    for (const [conversationId, owed] of this.#owed) {
      if (!owed.isNew || owed.from === undefined) continue;
      owed.isNew = false;
      this.#push(conversationId, encodePush('resync', { conversationId, from: owed.from }));
    }
  }

  /** The members are known: those who came in meanwhile have heard nothing yet, and packets have no items. */
  #settle(): void {
    for (const [conversationId, { from, hasOther }] of this.#owed) {
      if (from !== undefined) this.#push(conversationId, encodePush('resync', { conversationId, from }));
      if (hasOther) this.#push(conversationId, resyncAllFrame);
    }
    this.#owed.clear();
    if (this.#isOverfull) this.#options.resyncEveryone('more was left out than is kept in mind');
    this.#isOverfull = false;
  }

  #push(conversationId: ConversationId, frame: Buffer): void {
    for (const { connections } of this.#options.hub.audience({ kind: 'conversation', conversationId })) {
      for (const connection of connections) this.#options.push(connection, frame);
    }
  }
}
