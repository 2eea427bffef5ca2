/** The protocol's version: in every hello. A change that old clients cannot read makes it N + 1. */
export const protocolVersion = 1;

/** What this gateway serves: N and, once there is one, N - 1. */
export const protocolVersionsServed: readonly number[] = [1];
