import type { LookedUp } from './earlier-command.ts';
import { lookUpEarlier, needsLookUp } from './earlier-command.ts';
import { EventLogUnavailable } from './event-log.ts';
import { Gate } from './gate.ts';
import type { MailboxScope } from './mailbox-scope.ts';
import type { RecentCommands } from './recent-commands.ts';

interface Waiting extends LookedUp {
  readonly deadlineMs: number;
  readonly answer: (outcome: { readonly kind: 'unknown' }) => void;
}

/**
 * Commands of a mailbox that may have been accepted long ago, set aside while that is looked up, so that the rest
 * of the mailbox does not wait for it. What their actors send after them waits behind them, to keep its order;
 * nobody else does.
 */
export class LookUps<Command extends Waiting> {
  readonly #stream: string;
  readonly #scope: MailboxScope;
  readonly #comeBack: (commands: readonly Command[]) => void;
  readonly #gate: Gate;
  readonly #waitingOf = new Map<string, Command[]>();
  #count = 0;

  constructor(stream: string, scope: MailboxScope, comeBack: (commands: readonly Command[]) => void) {
    this.#stream = stream;
    this.#scope = scope;
    this.#comeBack = comeBack;
    this.#gate = new Gate(scope.bounds.lookUpsAtOnceMax);
  }

  /** Commands that are set aside now. */
  get count(): number {
    return this.#count;
  }

  /** Takes out of a batch what has to be looked up or stands behind it; it comes back later. Returns the rest. */
  takeOut(batch: readonly Command[], recent: RecentCommands): readonly Command[] {
    const rest = batch.filter((command) => {
      const { actor } = command.envelope;
      const before = this.#waitingOf.get(actor);
      if (before === undefined && !needsLookUp(recent, command)) return true;
      this.#count += 1;
      if (before !== undefined) {
        before.push(command);
      } else {
        const waiting = [command];
        this.#waitingOf.set(actor, waiting);
        void this.#lookUpAll(actor, waiting, recent);
      }
      return false;
    });
    return rest;
  }

  async #lookUpAll(actor: string, waiting: readonly Command[], recent: RecentCommands): Promise<void> {
    const back: Command[] = [];
    // It may grow on the way.
    for (const command of waiting) {
      try {
        if (await this.#lookUp(command, recent)) back.push(command);
      } catch (error) {
        const { commandId } = command.envelope;
        this.#scope.logger.error({ err: error, stream: this.#stream, commandId }, 'a look-up failed');
        command.answer(unknown);
      }
    }
    this.#waitingOf.delete(actor);
    this.#count -= waiting.length;
    this.#comeBack(back);
  }

  /** False when nothing could be found out and the command was answered so. */
  async #lookUp(command: Command, recent: RecentCommands): Promise<boolean> {
    const { bounds, runtime } = this.#scope;
    let delayMs = bounds.readBackDelayMsMin;
    // More than once when the recent commands have moved on meanwhile: then only what they forgot since is left.
    while (needsLookUp(recent, command)) {
      if (runtime.clock.monotonicMs() >= command.deadlineMs) {
        command.answer(unknown);
        return false;
      }
      try {
        const result = await this.#gate.pass(() => lookUpEarlier(this.#scope, this.#stream, recent, command));
        switch (result.kind) {
          case 'found':
            command.earlier = result.command;
            break;
          case 'absent':
            command.absentUntil = result.until;
            break;
          case 'too-far':
            command.answer(unknown);
            return false;
        }
      } catch (error) {
        if (!(error instanceof EventLogUnavailable)) throw error;
        await runtime.timers.sleep(delayMs);
        delayMs = Math.min(delayMs * 2, bounds.readBackDelayMsMax);
      }
    }
    return true;
  }
}

const unknown = { kind: 'unknown' } as const;
