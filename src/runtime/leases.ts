/** Who may do a job that one process at a time should do. Two at once are harmless, only wasteful. */
export interface LeaseStore {
  /** Takes the lease, or prolongs it for the one who has it. False while another holder's has not run out. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease up early. Harmless when it is not held. */
  release(name: string, holder: string): Promise<void>;
}

/** A lease that has not run out. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
}

/** Leases that several holders share out among themselves: each can see what all have. */
export interface SharedLeaseStore extends LeaseStore {
  /** Those whose names begin so, in the order of their names. */
  list(prefix: string): Promise<readonly Lease[]>;
}
