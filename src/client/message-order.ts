import { limits } from '../config/limits.ts';
import type { ConversationId } from '../domain/ids.ts';
import type { MessageView } from '../protocol/views/message-views.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ClientQueries } from './api.ts';
import { ClientError } from './client-error.ts';

interface Track {
  /** Everything up to this seq was handed out. */
  cursor: number;
  /** Items beyond a hole, by seq. */
  readonly held: Map<number, MessageView>;
  /** The hole is being fetched. */
  fetching: boolean;
  /** The server has more than this client was sent: fetch to the end. */
  behind: boolean;
}

export interface MessageOrderOptions {
  readonly runtime: Runtime;
  readonly queries: Pick<ClientQueries, 'messages' | 'inbox'>;
  readonly onMessage: (message: MessageView) => void;
  /** The cursors have moved: they are to be stored. */
  readonly onCursor: () => void;
}

/**
 * Turns what comes over the wire (repeated after a reconnect, with holes after a resync) into each
 * conversation's items in the order of their seqs, each exactly once.
 *
 * A conversation begins with the first item that this client sees of it, or with the cursor it has stored. An
 * item beyond the next seq is held back (bounded: what does not fit comes again by the fetch), and the hole is
 * fetched over HTTP. Fetches of one conversation never overlap.
 */
export class MessageOrder {
  readonly #options: MessageOrderOptions;
  /** The least recently moved in front: those are forgotten first. */
  readonly #tracks = new Map<ConversationId, Track>();
  #stopped = false;
  #resyncing = false;
  #resyncAgain = false;

  constructor(options: MessageOrderOptions) {
    this.#options = options;
  }

  /** The last seq of each conversation up to which everything was handed out. */
  cursors(): Record<string, number> {
    return Object.fromEntries([...this.#tracks].map(([id, { cursor }]) => [id, cursor]));
  }

  /** Begins with these cursors. */
  restore(cursors: Readonly<Record<string, number>>): void {
    for (const [id, cursor] of Object.entries(cursors)) this.#start(id as ConversationId, cursor);
  }

  /** Forgets everything; late fetches are dropped. */
  stop(): void {
    this.#stopped = true;
    this.#tracks.clear();
  }

  receive(message: MessageView): void {
    if (this.#stopped) return;
    const { conversationId, seq } = message;
    const track = this.#tracks.get(conversationId) ?? this.#start(conversationId, seq - 1);
    if (seq <= track.cursor) return;
    if (seq > track.cursor + 1) {
      if (track.held.size < limits.client.heldBackMax) track.held.set(seq, message);
      track.behind = true;
      void this.#fetch(conversationId, track);
      return;
    }
    this.#handOut(track, message);
    this.#handOutHeld(track);
  }

  /** The server has left out items of a conversation from `from` on. */
  resync(conversationId: ConversationId, from: number): void {
    if (this.#stopped) return;
    const track = this.#tracks.get(conversationId) ?? this.#start(conversationId, from - 1);
    track.behind = true;
    void this.#fetch(conversationId, track);
  }

  /** The server has left out something, anywhere: the inbox says where. Repeated until it could be read. */
  async resyncAll(): Promise<void> {
    if (this.#resyncing) {
      this.#resyncAgain = true;
      return;
    }
    this.#resyncing = true;
    for (let failures = 0; !this.#stopped; ) {
      this.#resyncAgain = false;
      try {
        await this.#resyncFromInbox();
        if (!this.#resyncAgain) break;
      } catch (error) {
        if (!isTemporary(error)) break;
        await this.#pause(failures++);
      }
    }
    this.#resyncing = false;
  }

  async #resyncFromInbox(): Promise<void> {
    let after: string | undefined;
    do {
      const limit = limits.client.fetchPageItems;
      const page = await this.#options.queries.inbox(after === undefined ? { limit } : { limit, after });
      for (const { conversationId, headSeq, read } of page.items) {
        const cursor = this.#tracks.get(conversationId)?.cursor ?? read;
        if (headSeq > cursor) this.resync(conversationId, cursor + 1);
      }
      after = page.next ?? undefined;
    } while (after !== undefined && !this.#stopped);
  }

  async #fetch(conversationId: ConversationId, track: Track): Promise<void> {
    if (track.fetching) return;
    track.fetching = true;
    let failures = 0;
    while (track.behind && this.#isCurrent(conversationId, track)) {
      try {
        track.behind = false;
        const limit = limits.client.fetchPageItems;
        const page = await this.#options.queries.messages(conversationId, { after: track.cursor, limit });
        if (!this.#isCurrent(conversationId, track)) return;
        for (const message of page.items) if (message.seq === track.cursor + 1) this.#handOut(track, message);
        this.#handOutHeld(track);
        track.behind ||= page.more;
        // What is held lies beyond a hole still: the read model that answered is behind the one that pushed.
        if (track.held.size > 0) {
          track.behind = true;
          if (page.items.length === 0) await this.#pause(failures++);
        }
      } catch (error) {
        if (!isTemporary(error)) {
          // No part of the conversation any more (removed from the group): nothing more comes of it.
          this.#tracks.delete(conversationId);
          return;
        }
        track.behind = true;
        await this.#pause(failures++);
      }
    }
    track.fetching = false;
  }

  #handOut(track: Track, message: MessageView): void {
    track.cursor = message.seq;
    track.held.delete(message.seq);
    // Moved to the end: the least recently moved ones are in front.
    this.#tracks.delete(message.conversationId);
    this.#tracks.set(message.conversationId, track);
    this.#options.onMessage(message);
    this.#options.onCursor();
  }

  #handOutHeld(track: Track): void {
    for (const seq of track.held.keys()) if (seq <= track.cursor) track.held.delete(seq);
    for (;;) {
      const next = track.held.get(track.cursor + 1);
      if (next === undefined) return;
      this.#handOut(track, next);
    }
  }

  #start(conversationId: ConversationId, cursor: number): Track {
    const track: Track = { cursor, held: new Map(), fetching: false, behind: false };
    this.#tracks.set(conversationId, track);
    for (const oldest of this.#tracks.keys()) {
      if (this.#tracks.size <= limits.client.cursorsMax) break;
      this.#tracks.delete(oldest);
    }
    return track;
  }

  #isCurrent(conversationId: ConversationId, track: Track): boolean {
    return !this.#stopped && this.#tracks.get(conversationId) === track;
  }

  #pause(failures: number): Promise<void> {
    const { runtime } = this.#options;
    const { retryDelayMsMin, retryDelayMsMax } = limits.client;
    return runtime.timers.sleep(backoffMs(failures, retryDelayMsMin, retryDelayMsMax, runtime.random));
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof ClientError && error.temporary;
}
