import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomSource } from '../../../src/runtime/runtime.ts';
import { writeFileAtomically } from '../../supervisor/write-file-atomically.ts';

/** Passwords of the cluster's two roles. */
export interface Credentials {
  /** Of `postgres`, the superuser: for making the database and for tests. */
  readonly adminPassword: string;
  /** Of `hongbao`, which owns the database of that name and is what the application logs in as. */
  readonly appPassword: string;
}

/** Reads the passwords in `folder`, which only we may read, or makes them on the first start. */
export function credentialsIn(folder: string, random: RandomSource): Credentials {
  const file = join(folder, 'credentials.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  const credentials = { adminPassword: password(random), appPassword: password(random) };
  writeFileAtomically(file, `${JSON.stringify(credentials)}\n`, 0o600);
  return credentials;
}

/** 192 random bits in an alphabet that neither a URL nor SQL needs to escape. */
function password(random: RandomSource): string {
  return Buffer.from(random.bytes(24)).toString('base64url');
}
