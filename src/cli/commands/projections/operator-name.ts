import { hostname, userInfo } from 'node:os';

/** Who runs this command, for the record: the user's name on this machine and the machine's. */
export function operatorName(): string {
  return `${userName()}@${hostname()}`;
}

/** A user without an entry in the machine's list has a number alone. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
