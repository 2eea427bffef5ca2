/**
 * Every bound in the system, by name and unit, in one place. A bound that an operator may change is also a
 * setting (see settings.ts); the others are changed here, with the reason in the commit.
 */
export const limits = {
  eventLog: {
    /** An append, an idempotent resend of it included, is `unknown` after this. */
    appendDeadlineMs: 10_000,
    /** One try of an append is given up after this and sent again, byte for byte. */
    appendTryMs: 3_000,
    /** A read that yields nothing for this long is given up. */
    readIdleMs: 10_000,
    /** EventStoreDB's default is 1 MiB; this leaves room for headers. */
    appendBytesMax: 1_000_000,
    appendEventsMax: 1_000,
    /** Items that a subscription holds before it stops reading from its socket. */
    subscriptionBufferItems: 2_048,
    /** How many events a filtered subscription may skip before the server reports where it is. */
    checkpointSearchWindow: 320,
    reconnectDelayMsMin: 50,
    reconnectDelayMsMax: 5_000,
  },
} as const;
