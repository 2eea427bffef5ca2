import type { Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';

/** A user name in the one spelling that names are compared and kept in: width- and case-folded. */
export function normaliseUsername(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** Why this cannot be a user name (in its normal form). */
export function usernameRefusal(normalised: string): Rejection | undefined {
  return /^[\p{L}\p{M}\p{N}._-]{3,32}$/u.test(normalised)
    ? undefined
    : rejection('username-invalid', 'A user name has 3 to 32 letters, digits, dots, hyphens or underscores.');
}

export const badCredentials = rejection('bad-credentials', 'The user name or the password is wrong.');

/** Why this cannot be a password. Length is all that is asked: composition rules make passwords worse. */
export function passwordRefusal(
  password: string,
  { passwordLengthMin, passwordLengthMax }: { passwordLengthMin: number; passwordLengthMax: number },
): Rejection | undefined {
  const length = [...password].length;
  return length >= passwordLengthMin && length <= passwordLengthMax
    ? undefined
    : rejection('password-weak', `A password has ${passwordLengthMin} to ${passwordLengthMax} characters.`);
}
