import { parseObject } from '../storage/stream-metadata.ts';
import type { PasswordHash } from './password-hash.ts';

/** A user, as the newest event of his stream has him. */
export interface UserRecord {
  readonly login: string;
  readonly fullName: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly password: PasswordHash;
}

/** The event data. The names of the fields are those of EventStoreDB's user events. */
export function userJson({ login, fullName, groups, disabled, password }: UserRecord): string {
  return JSON.stringify({ loginName: login, fullName, groups, disabled, ...password });
}

/** Undefined for what is no user: an administrator may write to these streams by hand. */
export function parseUserJson(json: string): UserRecord | undefined {
  const fields = parseObject(json) ?? {};
  const { loginName, fullName, groups, disabled, kdf, salt, hash } = fields;
  const wellFormed =
    isText(loginName) && isText(fullName) && isText(kdf) && isText(salt) && isText(hash) && isTexts(groups);
  if (!wellFormed) return undefined;
  return { login: loginName, fullName, groups, disabled: disabled === true, password: { kdf, salt, hash } };
}

const isText = (value: unknown): value is string => typeof value === 'string';

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
