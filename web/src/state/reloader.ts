/**
 * Runs `load` when asked to, never twice at once: asked while it runs, it runs once more afterwards. So
 * what was loaded last was asked for after the last call, however many calls there were.
 * `load` handles its own failures. The promise resolves when everything asked for so far is loaded.
 */
export function createReloader(load: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let askedAgain = false;

  async function run(): Promise<void> {
    try {
      do {
        askedAgain = false;
        await load();
      } while (askedAgain);
    } finally {
      running = undefined;
    }
  }

  return () => {
    if (running === undefined) running = run();
    else askedAgain = true;
    return running;
  };
}
