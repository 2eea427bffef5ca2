import type { Consumer, ConsumerStrategy } from './consumer-strategy.ts';

/**
 * Keeps each bucket with one client, so that its events are handled in order by one consumer.
 *
 *     free --choose--> owned --a client joins that should have its share--> leaving --all settled--> free
 *                       \------------------its client leaves------------------------------------/
 *
 * A bucket that is leaving gets nothing until what is out of it is settled: two clients never hold events of
 * one bucket.
 */
export class PinnedStrategy implements ConsumerStrategy {
  readonly #owners = new Map<number, Consumer>();
  readonly #inFlight = new Map<number, number>();
  readonly #leaving = new Set<number>();
  /** How many buckets each client has, those that are leaving left aside. */
  readonly #shares = new Map<Consumer, number>();

  added(client: Consumer): void {
    this.#shares.set(client, 0);
    const owned = this.#owners.size - this.#leaving.size;
    const fairShare = Math.ceil(owned / this.#shares.size);
    // Buckets with nothing out can go at once, so they go first.
    const byLoad = [...this.#owners].sort(([a], [b]) => this.#out(a) - this.#out(b));
    for (const [bucket, owner] of byLoad) {
      if (this.#leaving.has(bucket) || this.#share(owner) <= fairShare) continue;
      this.#shares.set(owner, this.#share(owner) - 1);
      if (this.#out(bucket) === 0) this.#owners.delete(bucket);
      else this.#leaving.add(bucket);
    }
  }

  removed(client: Consumer): void {
    this.#shares.delete(client);
    for (const [bucket, owner] of this.#owners) {
      if (owner !== client) continue;
      this.#owners.delete(bucket);
      this.#leaving.delete(bucket);
    }
  }

  choose(bucket: number): Consumer | undefined {
    if (this.#leaving.has(bucket)) return undefined;
    const owner = this.#owners.get(bucket) ?? this.#leastLoaded();
    return owner?.hasRoom ? owner : undefined;
  }

  sent(bucket: number, client: Consumer): void {
    this.#inFlight.set(bucket, this.#out(bucket) + 1);
    if (this.#owners.has(bucket)) return;
    this.#owners.set(bucket, client);
    this.#shares.set(client, this.#share(client) + 1);
  }

  settled(bucket: number): void {
    const out = this.#out(bucket) - 1;
    if (out > 0) {
      this.#inFlight.set(bucket, out);
      return;
    }
    this.#inFlight.delete(bucket);
    if (this.#leaving.delete(bucket)) this.#owners.delete(bucket);
  }

  #out(bucket: number): number {
    return this.#inFlight.get(bucket) ?? 0;
  }

  #share(client: Consumer): number {
    return this.#shares.get(client) ?? 0;
  }

  /** The client with the fewest buckets among those that have room. */
  #leastLoaded(): Consumer | undefined {
    let least: Consumer | undefined;
    for (const [client, share] of this.#shares) {
      if (client.hasRoom && (least === undefined || share < this.#share(least))) least = client;
    }
    return least;
  }
}
