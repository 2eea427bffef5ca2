import { createHmac } from 'node:crypto';
import type { Sealed } from '../domain/sealed.ts';
import type { Clock, RandomSource } from '../runtime/runtime.ts';
import { openWith, sealWith } from './envelope.ts';
import type { DataKey, Vault } from './vault.ts';

/** Seals and opens personal data, with a bounded cache of data keys before the vault. */
export interface Keyring {
  /** Seals text for a subject (a user or group id) with its newest key, which is made on first use. */
  seal(subject: string, text: string): Promise<Sealed>;
  /** The text, or `undefined` when the subject's key was destroyed. Throws `SealBroken` for a changed box. */
  open(sealed: Sealed): Promise<string | undefined>;
  /**
   * HMAC-SHA256 (hex) of a text under the subject's first key: equal texts are recognised, and once the key is
   * destroyed the hash says nothing about the text any more, however short that was.
   */
  fingerprint(subject: string, text: string): Promise<string>;
  /** Destroys the subject's keys; other processes forget them after the cache's age. */
  forget(subject: string): Promise<void>;
}

export interface KeyringOptions {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly cachedDataKeysMax: number;
  readonly cachedDataKeyAgeMs: number;
}

/** A keyring over a vault. Destroyed and missing keys are never cached; the others for a bounded time. */
export function createKeyring(options: KeyringOptions): Keyring {
  const { vault, clock, random } = options;
  const newest = new KeyCache<DataKey>(clock, options.cachedDataKeysMax, options.cachedDataKeyAgeMs);
  const byVersion = new KeyCache<DataKey | undefined>(
    clock,
    options.cachedDataKeysMax,
    options.cachedDataKeyAgeMs,
  );

  const newestKey = (subject: string): Promise<DataKey> =>
    newest.get(subject, () => vault.ensureDataKey(subject));
  const keyOfVersion = (subject: string, version: number): Promise<DataKey | undefined> =>
    byVersion.get(`${subject}/${version}`, () => vault.dataKey(subject, version));

  return {
    seal: async (subject, text) => sealWith(await newestKey(subject), subject, text, random),

    async open(sealed) {
      const key = await keyOfVersion(sealed.subject, sealed.key);
      return key === undefined ? undefined : openWith(key, sealed);
    },

    async fingerprint(subject, text) {
      const key = (await keyOfVersion(subject, 1)) ?? (await newestKey(subject));
      return createHmac('sha256', key.key).update(`fingerprint/${text}`).digest('hex');
    },

    async forget(subject) {
      await vault.destroyDataKeys(subject);
      newest.deleteWhere((id) => id === subject);
      byVersion.deleteWhere((id) => id.startsWith(`${subject}/`));
    },
  };
}

/** Least recently loaded first; concurrent askers for one key share one load. */
class KeyCache<Value> {
  readonly #clock: Clock;
  readonly #sizeMax: number;
  readonly #ageMs: number;
  readonly #entries = new Map<string, { readonly loadedAtMs: number; readonly value: Promise<Value> }>();

  constructor(clock: Clock, sizeMax: number, ageMs: number) {
    this.#clock = clock;
    this.#sizeMax = sizeMax;
    this.#ageMs = ageMs;
  }

  get(id: string, load: () => Promise<Value>): Promise<Value> {
    this.#dropOld();
    const cached = this.#entries.get(id);
    if (cached !== undefined) return cached.value;
    const entry = { loadedAtMs: this.#clock.monotonicMs(), value: load() };
    this.#entries.set(id, entry);
    const dropUnlessFound = (found: boolean): void => {
      if (!found && this.#entries.get(id) === entry) this.#entries.delete(id);
    };
    entry.value.then(
      (value) => dropUnlessFound(value !== undefined),
      () => dropUnlessFound(false),
    );
    return entry.value;
  }

  deleteWhere(matches: (id: string) => boolean): void {
    for (const id of this.#entries.keys()) if (matches(id)) this.#entries.delete(id);
  }

  /** Entries stand in the order of their loading, so the old ones are in front. */
  #dropOld(): void {
    const oldestAllowed = this.#clock.monotonicMs() - this.#ageMs;
    for (const [id, entry] of this.#entries) {
      if (entry.loadedAtMs >= oldestAllowed && this.#entries.size < this.#sizeMax) return;
      this.#entries.delete(id);
    }
  }
}
