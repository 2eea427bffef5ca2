import { globalTimers } from '../runtime/global-timers.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** The runtime of a browser page, or of any place with the web's globals (Node 24 has them too). */
export function browserRuntime(): Runtime {
  const randomBytes = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size));
  return {
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: { bytes: randomBytes, fraction: () => Math.random() },
    timers: globalTimers,
    ids: { next: () => uuidv7(Date.now(), randomBytes(16)) },
  };
}

/** A UUIDv7 (RFC 9562, section 5.7): 48 bits of time, then random bits around version and variant. */
export function uuidv7(nowMs: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random);
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
