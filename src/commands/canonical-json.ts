import { createHash } from 'node:crypto';

/** JSON in one spelling: keys sorted, no white space. Equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * SHA-256 (hex) of a command's body in canonical JSON. For bodies without personal text only: from the hash of
 * a short text the text can be guessed, and the log is for ever. See `Keyring.fingerprint` for the others.
 */
export function bodyHashOf(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}
