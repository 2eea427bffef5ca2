import type { Logger } from 'pino';
import type { Sealed } from '../../domain/sealed.ts';
import type { Keyring } from '../../vault/keyring.ts';

/** Opens a sealed text; `null` for none, and for one whose owner was forgotten. */
export type OpenSealed = (sealed: Sealed | null) => Promise<string | null>;

/** A box that does not open is one text that cannot be shown, not a page or a push that fails. */
export function sealedOpener(keyring: Pick<Keyring, 'open'>, logger: Logger): OpenSealed {
  return async (sealed) => {
    if (sealed === null) return null;
    try {
      return (await keyring.open(sealed)) ?? null;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'SealBroken') throw error;
      logger.error({ err: error, subject: sealed.subject }, 'a sealed text of the read models is broken');
      return null;
    }
  };
}
