/**
 * What a message may hold at most. These are part of the protocol: clients may rely on them, so they stand here
 * and not among the server's own limits. `Chars` are UTF-16 code units of the text as sent.
 */
export const bounds = {
  /** Form only; the domain's own rule (3 to 32) answers `username-invalid`. */
  usernameChars: 128,
  /** Form only; the domain's own rule (8 to 128) answers `password-weak`. */
  passwordChars: 512,
  /** Form only; the domain's own rule (6 digits) answers `pin-weak`. */
  pinChars: 32,
  nicknameChars: 64,
  deviceNameChars: 64,
  friendNoteChars: 200,
  remarkChars: 64,
  groupNameChars: 64,
  announcementChars: 2_000,
  messageTextChars: 5_000,
  greetingChars: 100,
  thanksChars: 60,
  /** Form only; the domain's own rule (1 to 40) answers `phrase-invalid`. */
  phraseChars: 128,
  clientMsgIdChars: 64,
  providerRefChars: 64,
  /** Form only; the domain's own rule (32 to 128 hex digits) answers `nonce-invalid`. */
  nonceChars: 256,
  tokenChars: 2_048,
  pageCursorChars: 512,
  /** Decimal digits of a log position. */
  positionChars: 20,

  /** Members named at once: when a group is made and when people are invited. */
  membersPerRequest: 500,
  receiversPerPacket: 100,
  ackCursorsPerRequest: 200,
  /** Conversations whose cursors a hello presents; the others are synced over HTTP. */
  helloCursors: 1_000,
  /** Frames that one WebSocket message may hold. */
  framesPerMessage: 64,

  /** Members of a group up to which receipts are pushed; in a larger one they are read. */
  receiptPushMembersMax: 50,

  usersPerLookup: 100,
  pageItems: 200,
  pageItemsDefault: 50,
} as const;
