/** Gives disk space back: removes for good what deletions, ages and counts have put out of every reader's sight. */
export interface Scavenger {
  /** Begins one. While one runs there is no second: the answer is that one's id. */
  start(): Promise<{ readonly id: string; readonly result: 'started' | 'in-progress' }>;
  /** Ends the one that runs, with what it has done so far kept. `not-found`: there is none of this id. */
  stop(id: string): Promise<'stopped' | 'not-found'>;
}
