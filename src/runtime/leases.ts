/** Who may do a job that one process at a time should do. Two at once are harmless, only wasteful. */
export interface LeaseStore {
  /** Takes the lease, or prolongs it for the one who has it. False while another holder's has not run out. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease up early. Harmless when it is not held. */
  release(name: string, holder: string): Promise<void>;
}
