/**
 * Bytes that a broken or malicious client may send where a protobuf message is expected, for property tests:
 * noise, valid messages with bytes changed, valid messages with fields changed, and fields of no message at all.
 */
import fc from 'fast-check';
import { decodeFields, encodeFields, type Field, type Value } from './wire-fields.ts';

/** Hostile bytes, most of them near to one of the valid messages. */
export function hostileBytes(valid: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const message = fc.constantFrom(...valid);
  return fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    { weight: 3, arbitrary: fc.tuple(message, byteChanges).map(([bytes, made]) => changeBytes(bytes, made)) },
    {
      weight: 4,
      arbitrary: fc.tuple(message, fieldChanges).map(([bytes, made]) => changeFields(bytes, made)),
    },
    fc.array(fc.tuple(fieldNumber, hostileValue), { maxLength: 20 }).map(encodeFields),
  );
}

type Drawn<From> = From extends fc.Arbitrary<infer Value> ? Value : never;

/** A part of the whole. Not `double`: most of those are next to nothing. */
const place = fc.nat(999_999).map((millionths) => millionths / 1_000_000);

const byteChanges = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'insert', 'delete', 'cut', 'repeat'),
    at: place,
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 8 },
);

function changeBytes(valid: Uint8Array, changes: Drawn<typeof byteChanges>): Buffer {
  let bytes = Buffer.from(valid);
  for (const { kind, at, byte } of changes) {
    const index = Math.floor(at * bytes.length);
    const [before, after] = [bytes.subarray(0, index), bytes.subarray(index)];
    if (kind === 'flip') bytes = Buffer.concat([before, Buffer.from([byte]), after.subarray(1)]);
    if (kind === 'insert') bytes = Buffer.concat([before, Buffer.from([byte]), after]);
    if (kind === 'delete') bytes = Buffer.concat([before, after.subarray(1)]);
    if (kind === 'cut') bytes = Buffer.from(before);
    if (kind === 'repeat') bytes = Buffer.concat([before, after, after]);
  }
  return bytes;
}

const fieldNumber = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) }, fc.nat(2 ** 29 - 1));

const hostileNumber = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n),
  fc.constantFrom(2n ** 64n - 1n, 2n ** 64n - 2n ** 31n, 2n ** 63n + 1n, 10_000n * 2n ** 31n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const nested = (depth: number): Buffer => {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) bytes = encodeFields([[1, { wire: 2, bytes }]]);
  return bytes;
};

const hostileTexts: readonly Buffer[] = [
  '',
  ' ',
  '\0',
  '$',
  '$$',
  '$all',
  '$$$all',
  '::',
  '__proto__',
  `${'x'.repeat(99)}\u{1f9e7}`,
  '\u{1f9e7}'.repeat(600),
  'x'.repeat(2_000),
  'x'.repeat(100_000),
  'a\r\nb: c',
  '%',
].map((text) => Buffer.from(text));

const hostileContents = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  // Cut off, a lone surrogate, overlong, above all code points, nothing of the kind.
  fc
    .constantFrom('c3', 'eda080', 'c080', 'f4908080', 'fffe', '61eda0bd62')
    .map((hex) => Buffer.from(hex, 'hex')),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  // Tens of thousands of empty messages, messages in messages, groups in groups.
  fc.constantFrom(Buffer.from('0a00'.repeat(30_000), 'hex'), nested(1_000), Buffer.alloc(30_000, 0x0b)),
);

const hostileValue: fc.Arbitrary<Value> = fc.oneof(
  hostileNumber.map((number) => ({ wire: 0, number }) as const),
  { weight: 2, arbitrary: hostileContents.map((bytes) => ({ wire: 2, bytes }) as const) },
  fc.constantFrom<Value>(
    { wire: 1, fixed: Buffer.from('000000000000f87f', 'hex') },
    { wire: 5, fixed: Buffer.from('0000c0ff', 'hex') },
    { wire: 3 },
  ),
);

const fieldChanges = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('replace' as const),
        at: place,
        number: hostileNumber,
        bytes: hostileContents,
        value: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, hostileValue),
      }),
    },
    fc.record({ kind: fc.constant('renumber' as const), at: place, number: fieldNumber }),
    fc.record({ kind: fc.constant('remove' as const), at: place }),
    fc.record({ kind: fc.constant('repeat' as const), at: place, times: fc.constantFrom(1, 2, 500) }),
    fc.record({ kind: fc.constant('add' as const), at: place, number: fieldNumber, value: hostileValue }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** A message that is over the node's bound is refused unread, and proves nothing. */
const GROWN_BYTES_MAX = 100_000;

function changeFields(valid: Uint8Array, changes: Drawn<typeof fieldChanges>): Buffer {
  const message: { readonly fields: Field[] } = { fields: decodeFields(Buffer.from(valid)) ?? [] };
  for (const change of changes) {
    const places = placesIn(message.fields);
    const chosen = places[Math.floor(change.at * places.length)];
    if (chosen === undefined) continue;
    const [fields, index] = chosen;
    const field = fields[index]!;
    if (change.kind === 'replace') fields[index] = [field[0], change.value ?? likeOf(field[1], change)];
    if (change.kind === 'renumber') fields[index] = [change.number, field[1]];
    if (change.kind === 'remove') fields.splice(index, 1);
    if (change.kind === 'repeat') {
      const left = Math.max(0, GROWN_BYTES_MAX - encodeFields(message.fields).length);
      const count = Math.min(change.times, Math.floor(left / encodeFields([field]).length));
      fields.push(...Array.from({ length: count }, () => copyOf(field)));
    }
    if (change.kind === 'add') fields.push([change.number, change.value]);
  }
  return encodeFields(message.fields);
}

/** Each repetition is a field of its own: a change of one must not make all of them as large. */
function copyOf([number, value]: Field): Field {
  return [number, 'fields' in value ? { ...value, fields: value.fields.map(copyOf) } : value];
}

/** A value of the same kind: of another kind it would be passed over. */
function likeOf({ wire }: Value, { number, bytes }: { number: bigint; bytes: Buffer }): Value {
  return wire === 0 ? { wire, number } : { wire: 2, bytes };
}

/** All fields, those of messages in messages included. */
function placesIn(fields: Field[]): [Field[], number][] {
  return fields.flatMap(([, value], index) => [
    [fields, index] as [Field[], number],
    ...('fields' in value ? placesIn(value.fields) : []),
  ]);
}

/** How often a property of hostile bytes is tried: so often, or `FUZZ_RUNS` times. */
export const fuzzRuns = (runs: number): number => Number(process.env['FUZZ_RUNS'] ?? runs);
