import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame, readFrames } from '../../../../infra/eventstore/embedded/grpc-frames.ts';
import { grpcStatus } from '../../../../infra/eventstore/embedded/grpc-status.ts';

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
});
