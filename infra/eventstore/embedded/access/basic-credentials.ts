import { limits } from '../../../../src/config/limits.ts';

export interface Credentials {
  readonly login: string;
  readonly password: string;
}

/** Base64 with or without its padding. */
const HEADER = /^basic +([a-z0-9+/]+={0,2})$/i;

/**
 * Login and password out of an `authorization` header (RFC 7617: base64 of `login:password` in UTF-8). The
 * password may have colons, the login has none. Undefined for anything else, or for more than the node takes.
 */
export function parseBasicCredentials(header: string): Credentials | undefined {
  const { loginBytesMax, passwordBytesMax } = limits.eventNode;
  if (header.length > 2 * (loginBytesMax + passwordBytesMax)) return undefined;
  const text = decode(HEADER.exec(header)?.[1] ?? '');
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1) return undefined;
  const credentials = { login: text.slice(0, colon), password: text.slice(colon + 1) };
  const fits =
    Buffer.byteLength(credentials.login) <= loginBytesMax &&
    Buffer.byteLength(credentials.password) <= passwordBytesMax;
  return fits ? credentials : undefined;
}

function decode(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}
