import { limits } from '../../../../src/config/limits.ts';
import type { GrpcCall } from './grpc-call.ts';

/**
 * Gathers small frames into chunks: one write to the socket costs more than encoding the events in it. Holds
 * at most one chunk; a peer that does not read holds up `add`, and thereby the reader of the log.
 */
export class ChunkWriter {
  readonly #call: Pick<GrpcCall, 'write'>;
  #frames: Buffer[] = [];
  #bytes = 0;

  constructor(call: Pick<GrpcCall, 'write'>) {
    this.#call = call;
  }

  /** Adds a frame; the promise, when there is one, must be awaited before the next. */
  add(frame: Buffer): Promise<void> | undefined {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return this.#bytes >= limits.eventNode.readChunkBytes ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    if (this.#frames.length === 0) return;
    const chunk = Buffer.concat(this.#frames, this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    await this.#call.write(chunk);
  }
}
