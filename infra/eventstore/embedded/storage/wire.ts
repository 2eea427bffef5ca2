/**
 * The protobuf wire format, as much of it as stored events need: varints and length-delimited fields.
 * Source: https://protobuf.dev/programming-guides/encoding/. Field numbers are the callers' business.
 */

/** How many bytes `value` takes as a varint. `value` is an integer from 0 to 2^53 - 1. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes `value` as a varint at `offset` and returns the offset after it. */
export function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let rest = value;
  let at = offset;
  // Not a shift: positions and revisions may exceed 32 bits.
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

/** The varint at `offset`. Exact up to 2^53 - 1. */
export function readVarint(source: Uint8Array, offset: number): number {
  let value = 0;
  let scale = 1;
  for (let at = offset; ; at++) {
    const byte = source[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

/** The tag of a length-delimited field (wire type 2). Field numbers here stay below 16: one byte. */
export const bytesTag = (fieldNumber: number): number => (fieldNumber << 3) | 2;

/** The tag of a varint field (wire type 0). */
export const varintTag = (fieldNumber: number): number => fieldNumber << 3;

/** The size of a length-delimited field with a one-byte tag and `length` bytes of content. */
export const bytesFieldSize = (length: number): number => 1 + varintSize(length) + length;

/** Writes a field's tag and length; its content goes to the returned offset. */
export function writeBytesHead(target: Uint8Array, field: number, length: number, offset: number): number {
  target[offset] = bytesTag(field);
  return writeVarint(target, length, offset + 1);
}

/** Writes a whole length-delimited field and returns the offset after it. */
export function writeBytes(target: Uint8Array, field: number, content: Uint8Array, offset: number): number {
  const at = writeBytesHead(target, field, content.length, offset);
  target.set(content, at);
  return at + content.length;
}
