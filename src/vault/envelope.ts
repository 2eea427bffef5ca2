import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Sealed } from '../domain/sealed.ts';
import type { RandomSource } from '../runtime/runtime.ts';
import type { DataKey } from './vault.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** A sealed box was changed, or is presented as another subject's. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/**
 * Encrypts text for its subject with AES-256-GCM. Subject and key version are bound as additional data, so a box
 * cannot be passed off as someone else's.
 */
export function sealWith(dataKey: DataKey, subject: string, text: string, random: RandomSource): Sealed {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', dataKey.key, nonce);
  cipher.setAAD(additionalData(subject, dataKey.version));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const box = Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString('base64');
  return { subject, key: dataKey.version, box };
}

/** The text in a box. Throws `SealBroken` when the box is not what was sealed for its subject with this key. */
export function openWith(dataKey: DataKey, sealed: Sealed): string {
  const bytes = Buffer.from(sealed.box, 'base64');
  if (bytes.length < nonceBytes + tagBytes) throw new SealBroken('a sealed box is cut short');
  const tagStart = bytes.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', dataKey.key, bytes.subarray(0, nonceBytes));
  decipher.setAAD(additionalData(sealed.subject, sealed.key));
  decipher.setAuthTag(bytes.subarray(tagStart));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, tagStart)), decipher.final()]);
    return text.toString('utf8');
  } catch {
    throw new SealBroken(`a box sealed for ${sealed.subject} does not open`);
  }
}

function additionalData(subject: string, version: number): Buffer {
  return Buffer.from(`${subject}/${version}`);
}
