import { createHmac } from 'node:crypto';
import type { PacketId } from '../domain/ids.ts';
import type { MasterKey } from './master-key.ts';

/**
 * What a password packet recognises its phrase by: HMAC-SHA256(packet phrase key, packet id ":" phrase), hex. The
 * phrase is given in its normal form. Without the master key nobody can try phrases against it.
 */
export function phraseVerifier(
  masterKey: MasterKey,
  packet: { readonly packetId: PacketId; readonly masterKeyVersion: number },
  phrase: string,
): string {
  return createHmac('sha256', masterKey.packetPhraseKey(packet.masterKeyVersion))
    .update(`${packet.packetId}:${phrase}`)
    .digest('hex');
}
