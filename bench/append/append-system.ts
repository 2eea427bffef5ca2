/** Something that keeps events durably: ours, and what it is compared with. */
export interface AppendSystem {
  /** Writes so many events behind what it wrote to the stream before. Resolves when they are durable. */
  append(stream: number, events: number): Promise<void>;
  /** Reading, where the system can be read: each answers how many events there were. */
  readonly reads?: {
    readStream(stream: number): Promise<number>;
    readAll(): Promise<number>;
    /** A subscription from the start, until it has caught up. */
    catchUp?(): Promise<number>;
  };
  /** Appends one event after another to a system at rest: from the call until a subscriber has it, ms each. */
  delivery?(rounds: number): Promise<number[]>;
  /** Processor time that the system's own processes have used, ms. 0 where it lives in this process. */
  serverCpuMs(): number;
  close(): Promise<void>;
}
