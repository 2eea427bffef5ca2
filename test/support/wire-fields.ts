/** Protobuf messages as fields, without a schema. */

/** A value as the wire has it. What could be a message is one, so that what is in it can be changed, too. */
export type Value =
  | { readonly wire: 0; readonly number: bigint }
  | { readonly wire: 1 | 5; readonly fixed: Buffer }
  | { readonly wire: 2; readonly bytes: Buffer }
  | { readonly wire: 2; readonly fields: Field[] }
  /** The beginning of a group, which nothing ends. */
  | { readonly wire: 3 };
export type Field = [number: number, value: Value];

export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => Buffer.concat([tag(number, value.wire), encode(value)])),
  );
}

function encode(value: Value): Buffer {
  if (value.wire === 0) return varint(value.number);
  if (value.wire === 3) return Buffer.alloc(0);
  if (value.wire !== 2) return value.fixed;
  const bytes = 'fields' in value ? encodeFields(value.fields) : value.bytes;
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

const tag = (number: number, wire: number): Buffer => varint((BigInt(number) << 3n) | BigInt(wire));

function varint(number: bigint): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Undefined for bytes that are no message. */
export function decodeFields(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    at = Number.POSITIVE_INFINITY;
    return 0n;
  };
  const take = (count: number): Buffer => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const head = Number(number());
    const wire = head & 7;
    if (wire === 0) fields.push([head >>> 3, { wire, number: number() }]);
    else if (wire === 1 || wire === 5) fields.push([head >>> 3, { wire, fixed: take(wire === 1 ? 8 : 4) }]);
    else if (wire === 2) {
      const content = take(Number(number()));
      const inner = content.length === 0 ? undefined : decodeFields(content);
      fields.push([head >>> 3, inner === undefined ? { wire, bytes: content } : { wire, fields: inner }]);
    } else return undefined;
    if (head >>> 3 === 0 || at > bytes.length) return undefined;
  }
  return fields;
}
