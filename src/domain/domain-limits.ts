/**
 * The bounds that are rules of the domain: what a user may do, and how much an aggregate remembers. They are
 * constants, not settings, because a decision must come out the same on every machine and in a browser.
 */
export const domainLimits = {
  account: {
    /** A further device takes the place of the one that was added first. */
    devicesMax: 100,
  },
  group: {
    membersMax: 100_000,
    /** Members that one command brings in: its events must fit into one append. */
    membersPerCommandMax: 500,
  },
  conversation: {
    /** A sender may take a message back for this long. */
    recallWindowMs: 2 * 60_000,
    /** This many of the latest messages are always remembered, for recalls and repeated sends. */
    recentMessagesKept: 1_000,
    /** In a conversation so busy that more fall into the recall window, this many are remembered. */
    recentMessagesMax: 20_000,
  },
  wallet: {
    /** One deposit or withdrawal. */
    transferFenMax: 100_000_000,
    /** No deposit lifts a wallet above this. Credits are never refused, and cannot come near 2^53 fen. */
    balanceFenMax: 1_000_000_000_000,
    /** A wallet remembers a packet's keys until this long after the packet's expiry. */
    keyKeptSeconds: 30 * 86_400,
    /** Forgotten keys are swept out once in this much recorded time. */
    keySweepSeconds: 86_400,
    providerRefLengthMax: 128,
  },
  packet: {
    countMax: 100,
    /** Part of split algorithm 1: it must not change for packets of that version. */
    shareFenMax: 20_000,
    ttlSecondsMin: 10,
    ttlSecondsMax: 7 * 86_400,
    /** What may pass between reading the clock for `expiresAtSecond` and the decision to fund. */
    ttlGraceMs: 2_000,
    nonceBytesMin: 16,
    nonceBytesMax: 64,
    /** UTF-16 code units of a phrase in its normal form. */
    phraseCharsMax: 40,
    /** A day's limits begin anew at midnight by UTC+8. */
    dayOffsetMs: 8 * 3_600_000,
  },
  audit: {
    /** Money rule 7: a credit that is under way for longer than this is missing. */
    creditWithinMs: 60_000,
    /** Money rule 5: a packet without an end for longer than this after its expiry has none. */
    endWithinMs: 60_000,
    /**
     * Message rule 6: whoever was let in this long ago may still be acting on that. A permission is at most 1 s
     * old when it is asked for; the rest is for the wait until the append and for clocks that differ.
     */
    permissionWithinMs: 60_000,
    /** Message rule 4: recalls of this many of the log's latest messages are checked without reading again. */
    latestMessagesMax: 1_048_576,
    /** Suspects that are gathered before the log is read again to look at them. */
    suspectsMax: 10_000,
    /** Statistics: hours that have something in them, about 22 years. What happens in further ones is not shown. */
    hoursMax: 200_000,
    /** Violations that are listed of money, and as many of messages; further ones are counted only. */
    violationsMax: 1_000,
  },
} as const;
