import type { PacketId } from '../domain/ids.ts';
import { commitmentOf } from '../domain/packet/fairness.ts';
import { normalisePhrase } from '../domain/packet/phrase.ts';
import type { FairnessCommitment, PacketTerms, PhraseLock } from '../domain/packet/packet-terms.ts';
import type { MasterKey } from '../vault/master-key.ts';
import { phraseVerifier } from '../vault/packet-phrase.ts';
import { packetSeed } from '../vault/packet-seed.ts';

const algorithmVersion = 1;

/** The seed of a packet that exists: a pure function of its terms and the master key. */
export function seedOf(masterKey: MasterKey, { packetId, fairness }: PacketTerms): Uint8Array {
  const { masterKeyVersion, nonce } = fairness;
  return packetSeed(masterKey, { packetId, masterKeyVersion, nonce });
}

/** What the server commits to when a packet is sent. Throws `RangeError` for amounts that are no amounts. */
export function commitTo(
  masterKey: MasterKey,
  packet: { packetId: PacketId; nonce: string; totalFen: number; count: number },
): FairnessCommitment {
  const masterKeyVersion = masterKey.version;
  const { packetId, nonce, totalFen, count } = packet;
  const seed = packetSeed(masterKey, { packetId, masterKeyVersion, nonce });
  const commitment = commitmentOf(seed, packetId, totalFen, count, algorithmVersion);
  return { algorithmVersion, masterKeyVersion, nonce, commitment };
}

/** What a password packet is opened by. Nothing of the phrase itself gets into the log. */
export function lockWith(masterKey: MasterKey, packetId: PacketId, phrase: string): PhraseLock {
  const masterKeyVersion = masterKey.version;
  const verifier = phraseVerifier(masterKey, { packetId, masterKeyVersion }, normalisePhrase(phrase));
  return { masterKeyVersion, verifier };
}

/** What a phrase that came with a grab is compared by; `undefined` when none came or none is asked for. */
export function verifierOf(
  masterKey: MasterKey,
  { packetId, phrase: lock }: PacketTerms,
  phrase: string | undefined,
): string | undefined {
  if (lock === null || phrase === undefined) return undefined;
  const { masterKeyVersion } = lock;
  return phraseVerifier(masterKey, { packetId, masterKeyVersion }, normalisePhrase(phrase));
}
