/** Numbers from 0 to 2^53 - 1, each in eight bytes, big-endian. */
export function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  for (let index = 0; index < values.length; index++) writeU64(bytes, values[index] ?? 0, index * 8);
  return bytes;
}

export function writeU64(bytes: Buffer, value: number, offset: number): void {
  const low = value % TWO_POW_32;
  bytes.writeUInt32BE((value - low) / TWO_POW_32, offset);
  bytes.writeUInt32BE(low, offset + 4);
}

export function readU64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset) * TWO_POW_32 + bytes.readUInt32BE(offset + 4);
}

const TWO_POW_32 = 2 ** 32;
