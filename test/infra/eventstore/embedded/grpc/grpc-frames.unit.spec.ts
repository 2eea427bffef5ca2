import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame, readFrames } from '../../../../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { grpcStatus } from '../../../../../infra/eventstore/embedded/grpc/grpc-status.ts';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function read(chunks: AsyncIterable<Buffer>, bytesMax = 1_000): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  for await (const message of readFrames(chunks, bytesMax)) messages.push(Buffer.from(message));
  return messages;
}

describe('message frames', () => {
  test('come out as they went in, however the bytes are cut', async () => {
    const message = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 20 }),
        fc.array(fc.nat(50)),
        async (messages, sizes) => {
          const bytes = Buffer.concat(messages.map(frame));
          expect(await read(chunksOf(bytes, sizes))).toEqual(messages);
        },
      ),
    );
  });

  test('over the limit are refused by their length alone', async () => {
    const head = Buffer.from([0, 0, 0, 3, 0xe9]);
    await expect(read(chunksOf(head, []))).rejects.toMatchObject({ status: grpcStatus.resourceExhausted });
  });

  test('that are compressed are refused', async () => {
    const compressed = Buffer.from([1, 0, 0, 0, 1, 7]);
    await expect(read(chunksOf(compressed, []))).rejects.toMatchObject({ status: grpcStatus.unimplemented });
  });

  test('that are cut off are an error', async () => {
    const cut = frame(Buffer.alloc(10)).subarray(0, 12);
    await expect(read(chunksOf(cut, []))).rejects.toMatchObject({ status: grpcStatus.internal });
  });

  test('that come byte by byte come out whole, and what is held of them is told', async () => {
    const message = Buffer.alloc(30_000, 7);
    const bytes = frame(message);
    const incomplete: number[] = [];
    let completed = 0;
    const watch = { complete: () => completed++, incomplete: (held: number) => void incomplete.push(held) };
    const pieces = chunksOf(
      bytes,
      Array.from({ length: bytes.length }, () => 1),
    );
    const messages: Buffer[] = [];
    for await (const each of readFrames(pieces, message.length, watch)) messages.push(each);
    expect(messages).toEqual([message]);
    expect(completed).toBe(1);
    // One more piece than bytes: the generator ends with an empty one.
    expect(incomplete.slice(0, -2)).toEqual(Array.from({ length: bytes.length - 1 }, (_, at) => at + 1));
    expect(incomplete.slice(-2)).toEqual([0, 0]);
  });

  test('are told to be whole before they are handed on: what their receiver does is no delay of the sender', async () => {
    const told: string[] = [];
    const watch = {
      complete: () => told.push('whole'),
      incomplete: (held: number) => told.push(`${held} held`),
    };
    const bytes = Buffer.concat([frame(Buffer.from('ab')), frame(Buffer.from('c')), Buffer.from([0])]);
    const stream = readFrames(chunksOf(bytes, [3, 5]), 100, watch);
    await expect(
      (async () => {
        for await (const each of stream) told.push(each.toString());
      })(),
    ).rejects.toThrow('ended inside');
    expect(told).toEqual(['3 held', 'whole', 'ab', '1 held', 'whole', 'c', '1 held']);
  });
});
