/**
 * Text that only the holder of its subject's data key can read. Events and read models carry personal data in
 * this form only, so that destroying the key makes every copy unreadable.
 *
 * The domain never opens it. src/vault/envelope.ts makes and opens it.
 */
export interface Sealed {
  /** Whose data key: a user id or a group id. */
  readonly subject: string;
  /** The data key's version. */
  readonly key: number;
  /** Base64 of nonce (12 bytes), ciphertext, tag (16 bytes); AES-256-GCM. */
  readonly box: string;
}
