import { createHmac } from 'node:crypto';
import type { PacketId } from '../domain/ids.ts';
import type { MasterKey } from './master-key.ts';

/**
 * A packet's seed (32 bytes): HMAC-SHA256(packet seed key, packet id ":" nonce). A pure function of the master
 * key, so nothing secret has to be stored per packet, and secret until the packet's ending event reveals it.
 */
export function packetSeed(
  masterKey: MasterKey,
  packet: { readonly packetId: PacketId; readonly masterKeyVersion: number; readonly nonce: string },
): Uint8Array {
  return createHmac('sha256', masterKey.packetSeedKey(packet.masterKeyVersion))
    .update(`${packet.packetId}:${packet.nonce}`)
    .digest();
}
