/**
 * The registry of every code that a client can be answered with. Codes are stable for ever; docs/errors.md and
 * the protocol's types are tested against it.
 */
export const errorCodes = {
  // The request itself.
  'bad-request': {
    http: 400,
    temporary: false,
    meaning: 'The request does not have the form that its type asks for.',
  },
  'unknown-type': { http: 400, temporary: false, meaning: 'There is no request of this type.' },
  'too-large': { http: 413, temporary: false, meaning: 'The request is larger than the server takes.' },
  unauthenticated: { http: 401, temporary: false, meaning: 'No valid token came with the request.' },
  'bad-credentials': { http: 401, temporary: false, meaning: 'The user name or the password is wrong.' },
  forbidden: { http: 403, temporary: false, meaning: 'This user may not do this.' },
  'not-found': {
    http: 404,
    temporary: false,
    meaning: 'There is no such thing, or this user may not know of it.',
  },
  'command-id-reused': {
    http: 409,
    temporary: false,
    meaning: 'This command id was used before for a different command.',
  },
  // The server's state.
  busy: { http: 503, temporary: true, meaning: 'A queue is full. Try again after the given time.' },
  'rate-limited': {
    http: 429,
    temporary: true,
    meaning: 'Too many requests. Try again after the given time.',
  },
  unavailable: { http: 503, temporary: true, meaning: 'A part that the request needs is not answering now.' },
  'unknown-outcome': {
    http: 504,
    temporary: true,
    meaning:
      'It could not be found out in time whether the request took effect. Ask again with the same command id.',
  },
  internal: { http: 500, temporary: true, meaning: 'A fault of the server. It has been logged.' },
  'not-in-production': { http: 404, temporary: false, meaning: 'This exists in development only.' },
  // Accounts.
  'username-taken': { http: 409, temporary: false, meaning: 'Another account has this user name.' },
  'username-invalid': {
    http: 400,
    temporary: false,
    meaning: 'A user name has 3 to 32 letters, digits, dots, hyphens or underscores.',
  },
  'password-weak': { http: 400, temporary: false, meaning: 'A password has 8 to 128 characters.' },
  'account-frozen': { http: 403, temporary: false, meaning: 'The account is frozen.' },
  'account-closed': { http: 403, temporary: false, meaning: 'The account is closed.' },
  'pin-weak': {
    http: 400,
    temporary: false,
    meaning: 'A payment PIN has 6 digits, and is not one of those that anybody would try first.',
  },
  'pin-not-set': { http: 409, temporary: false, meaning: 'The account has no payment PIN.' },
  'pin-wrong': { http: 403, temporary: false, meaning: 'The payment PIN is wrong.' },
  'pin-locked': {
    http: 429,
    temporary: true,
    meaning: 'The payment PIN is locked after wrong tries. Try again after the given time.',
  },
  'pin-required': {
    http: 403,
    temporary: false,
    meaning: 'This needs a payment token: the account has a payment PIN.',
  },
  'device-unknown': { http: 404, temporary: false, meaning: 'The account has no such device.' },
  // Friends.
  'self-not-allowed': { http: 400, temporary: false, meaning: 'This cannot be done with oneself.' },
  'already-friends': { http: 409, temporary: false, meaning: 'The two are friends already.' },
  'request-pending': {
    http: 409,
    temporary: false,
    meaning: 'A friend request of this user is waiting already.',
  },
  'no-request': { http: 409, temporary: false, meaning: 'There is no friend request to answer.' },
  'not-friends': { http: 403, temporary: false, meaning: 'The two are not friends.' },
  blocked: { http: 403, temporary: false, meaning: 'One of the two has blocked the other.' },
  'not-blocked': { http: 409, temporary: false, meaning: 'The user is not blocked.' },
  // Groups.
  'group-not-found': {
    http: 404,
    temporary: false,
    meaning: 'There is no such group, or this user is not in it.',
  },
  'group-dissolved': { http: 410, temporary: false, meaning: 'The group has been dissolved.' },
  'group-full': { http: 409, temporary: false, meaning: 'The group has as many members as it may.' },
  'already-member': { http: 409, temporary: false, meaning: 'The user is in the group already.' },
  'not-member': { http: 403, temporary: false, meaning: 'The user is not in the group.' },
  'owner-must-transfer': {
    http: 409,
    temporary: false,
    meaning: 'The owner hands the group over before leaving it.',
  },
  muted: { http: 403, temporary: false, meaning: 'The user is muted in this group.' },
  // Messages.
  'conversation-not-found': {
    http: 404,
    temporary: false,
    meaning: 'There is no such conversation, or this user is not in it.',
  },
  'message-not-found': { http: 404, temporary: false, meaning: 'The conversation has no such message.' },
  'recall-too-late': { http: 409, temporary: false, meaning: 'A message can be recalled for two minutes.' },
  'already-recalled': { http: 409, temporary: false, meaning: 'The message has been recalled.' },
  'cursor-beyond-head': {
    http: 400,
    temporary: false,
    meaning: 'An acknowledgement names a message that does not exist yet.',
  },
  // Money.
  'amount-invalid': {
    http: 400,
    temporary: false,
    meaning: 'An amount is a whole number of fen above 0 and within its limit.',
  },
  'insufficient-funds': { http: 409, temporary: false, meaning: 'The wallet holds less than this.' },
  'wallet-frozen': { http: 403, temporary: false, meaning: 'The wallet is frozen.' },
  'reference-reused': {
    http: 409,
    temporary: false,
    meaning: 'This provider reference was used before for something else.',
  },
  // Packets.
  'shares-invalid': {
    http: 400,
    temporary: false,
    meaning: 'The number of shares is not possible for this packet.',
  },
  'ttl-invalid': { http: 400, temporary: false, meaning: 'A packet lives from 10 seconds to 7 days.' },
  'receivers-invalid': {
    http: 400,
    temporary: false,
    meaning: 'The receivers do not fit the kind of packet or the conversation.',
  },
  'nonce-invalid': { http: 400, temporary: false, meaning: 'The nonce is 16 to 64 bytes in lower-case hex.' },
  'packet-not-found': {
    http: 404,
    temporary: false,
    meaning: 'There is no such packet, or this user may not see it.',
  },
  'packet-exists': { http: 409, temporary: false, meaning: 'A packet with this id exists already.' },
  'packet-expired': { http: 410, temporary: false, meaning: 'The packet has expired.' },
  'packet-exhausted': { http: 410, temporary: false, meaning: 'Every share has been taken.' },
  'packet-cancelled': { http: 410, temporary: false, meaning: 'The packet was taken back.' },
  'packet-not-expired': { http: 409, temporary: true, meaning: 'The packet has not expired yet.' },
  'packet-open': {
    http: 409,
    temporary: true,
    meaning: 'The packet has not ended yet: its seed is still secret.',
  },
  'already-grabbed': { http: 409, temporary: false, meaning: 'This user has had a share of the packet.' },
  'phrase-invalid': {
    http: 400,
    temporary: false,
    meaning: 'A phrase has 1 to 40 characters, blanks at its ends not counted.',
  },
  'phrase-wrong': { http: 403, temporary: false, meaning: 'The phrase is missing or wrong.' },
  'too-many-tries': {
    http: 429,
    temporary: true,
    meaning: 'This user has tried too many wrong phrases. Try again in a minute.',
  },
  'daily-limit': {
    http: 409,
    temporary: false,
    meaning: 'This would be more than one may send or receive in a day.',
  },
  'no-share': { http: 403, temporary: false, meaning: 'This user has no share of the packet.' },
  'already-thanked': { http: 409, temporary: false, meaning: 'This user has said thank you for the packet.' },
  'not-a-receiver': { http: 403, temporary: false, meaning: 'The packet is meant for others.' },
} as const satisfies Record<string, ErrorCodeEntry>;

interface ErrorCodeEntry {
  /** The HTTP status that goes with it. */
  readonly http: number;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;
  readonly meaning: string;
}

export type ErrorCode = keyof typeof errorCodes;
