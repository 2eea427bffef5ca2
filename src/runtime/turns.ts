/** Takes its turn at something of which only so much may go on at once. */
export interface Turns {
  /** Does the work when it is its turn; `busy`, at once, when as many wait as may. */
  take<Value>(work: () => Promise<Value>): Promise<Value | 'busy'>;
}

export interface TurnsOptions {
  readonly atOnceMax: number;
  readonly queueMax: number;
}

/** A bounded number at once, and a bounded queue in front of it, first come first served. */
export function createTurns({ atOnceMax, queueMax }: TurnsOptions): Turns {
  const queue: (() => void)[] = [];
  let running = 0;
  return {
    async take(work) {
      if (running >= atOnceMax) {
        if (queue.length >= queueMax) return 'busy';
        // Whoever finishes hands its turn over, so `running` stays as it is.
        await new Promise<void>((resolve) => queue.push(resolve));
      } else {
        running += 1;
      }
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
