import { GrpcError, grpcStatus } from './grpc-status.ts';

/** A bound on the bytes that many holders hold at one time. One with a parent counts there, too. */
export class ByteBudget {
  readonly #what: string;
  readonly #bytesMax: number;
  readonly #parent: ByteBudget | undefined;
  #heldBytes = 0;

  /** `what` names the bytes in the error of one who asks for too many. */
  constructor(what: string, bytesMax: number, parent?: ByteBudget) {
    this.#what = what;
    this.#bytesMax = bytesMax;
    this.#parent = parent;
  }

  /** Takes `bytes` more, or gives some back when negative. Throws `GrpcError` over the bound, and takes nothing. */
  take(bytes: number): void {
    if (bytes > 0 && this.#heldBytes + bytes > this.#bytesMax) {
      throw new GrpcError(
        grpcStatus.resourceExhausted,
        `${this.#what} would be more than ${this.#bytesMax} bytes`,
      );
    }
    this.#parent?.take(bytes);
    this.#heldBytes += bytes;
  }
}

/** What one holder has of a budget. */
export class BudgetShare {
  readonly #budget: ByteBudget;
  #bytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** The share is `bytes` from now on. Throws `GrpcError` when the budget has not so much; it is as before then. */
  set(bytes: number): void {
    this.#budget.take(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  release(): void {
    this.set(0);
  }
}
