import type { PacketId } from '../domain/ids.ts';
import { commitmentOf } from '../domain/packet/fairness.ts';
import type { FairnessCommitment, PacketTerms } from '../domain/packet/packet-terms.ts';
import type { MasterKey } from '../vault/master-key.ts';
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
