import type { ConsumerStrategyName } from './group-settings.ts';
import { PinnedStrategy } from './pinned-strategy.ts';

/** A client as strategies see it. */
export interface Consumer {
  readonly id: string;
  readonly hasRoom: boolean;
}

/** Shares events out among clients. */
export interface ConsumerStrategy {
  added(client: Consumer): void;
  removed(client: Consumer): void;
  /** Who gets an event of this bucket now; undefined when whoever may get it has no room. */
  choose(bucket: number): Consumer | undefined;
  /** An event of the bucket is out with the client that was chosen, or is no longer. */
  sent(bucket: number, client: Consumer): void;
  settled(bucket: number): void;
}

export function consumerStrategy(name: ConsumerStrategyName): ConsumerStrategy {
  switch (name) {
    case 'RoundRobin':
      return new RotatingStrategy('always');
    case 'DispatchToSingle':
      return new RotatingStrategy('when-full');
    case 'Pinned':
    case 'PinnedByCorrelation':
      return new PinnedStrategy();
  }
}

/** Clients take turns: after every event, or only when the one whose turn it is has no room. */
class RotatingStrategy implements ConsumerStrategy {
  readonly #clients: Consumer[] = [];
  readonly #turnEnds: 'always' | 'when-full';

  constructor(turnEnds: 'always' | 'when-full') {
    this.#turnEnds = turnEnds;
  }

  added(client: Consumer): void {
    this.#clients.push(client);
  }

  removed(client: Consumer): void {
    this.#clients.splice(this.#clients.indexOf(client), 1);
  }

  choose(): Consumer | undefined {
    const at = this.#clients.findIndex((client) => client.hasRoom);
    const chosen = this.#clients[at];
    if (chosen === undefined) return undefined;
    const passed = this.#clients.splice(0, this.#turnEnds === 'always' ? at + 1 : at);
    this.#clients.push(...passed);
    return chosen;
  }

  sent(): void {
    // Whose turn it is does not depend on what is out.
  }

  settled(): void {
    // Nor on what comes back.
  }
}
