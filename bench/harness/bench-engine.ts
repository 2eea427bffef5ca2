/** An engine in processes of its own. */
export interface BenchEngine {
  readonly url: string;
  /** Processor time that its processes have used so far, those that are gone not counted, ms. */
  cpuMs(): number;
  stop(): Promise<void>;
}
