/** What an administrator asks of a user, checked. All throw `GrpcError`. */
import { limits } from '../../../../src/config/limits.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';

/**
 * A login that `authorization` headers can carry (no colon, nothing invisible) and that no access list can take
 * for one of the node's own groups (no dollar at its start).
 */
export function parseLogin(login: string | undefined): string {
  if (login === undefined || login === '') throw invalidArgument('a login name is required');
  if (Buffer.byteLength(login) > limits.eventNode.loginBytesMax) {
    throw invalidArgument(`a login name has at most ${limits.eventNode.loginBytesMax} bytes`);
  }
  if (/^\$|[:\p{C}]|^\s|\s$/u.test(login)) {
    throw invalidArgument('a login name has no colon, does not begin with a dollar, and can be seen');
  }
  return login;
}

export function parsePassword(password: string | undefined): string {
  if (password === undefined || password === '') throw invalidArgument('a password is required');
  if (Buffer.byteLength(password) > limits.eventNode.passwordBytesMax) {
    throw invalidArgument(`a password has at most ${limits.eventNode.passwordBytesMax} bytes`);
  }
  return password;
}

export function parseFullName(fullName = ''): string {
  if (fullName.length > limits.eventNode.fullNameCharsMax) {
    throw invalidArgument(`a full name has at most ${limits.eventNode.fullNameCharsMax} characters`);
  }
  return fullName;
}

export function parseGroups(groups: readonly string[] = []): readonly string[] {
  const { groupsPerUserMax, groupNameCharsMax } = limits.eventNode;
  if (groups.length > groupsPerUserMax) {
    throw invalidArgument(`a user is in at most ${groupsPerUserMax} groups`);
  }
  if (groups.some((group) => group === '' || group.length > groupNameCharsMax)) {
    throw invalidArgument(`a group's name has 1 to ${groupNameCharsMax} characters`);
  }
  return groups;
}
