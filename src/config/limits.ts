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
    /** How many events a filtered subscription may skip before the server reports where it is. */
    checkpointSearchWindow: 320,
    reconnectDelayMsMin: 50,
    reconnectDelayMsMax: 5_000,
    /** How often all members of a cluster are asked who leads it before a try counts as failed. */
    discoverRounds: 1,
  },
  eventNode: {
    /** A larger request message ends its call with RESOURCE_EXHAUSTED; clients cut an append at 3 MiB. */
    receiveBytesMax: 4 * 1024 * 1024,
    /** The same for messages that carry no events: the longest are filters and acknowledgements. */
    requestBytesMax: 128 * 1024,
    /** Fields of a message that carries events: ten for each of as many as an append may have. */
    eventMessageFieldsMax: 100_000,
    /** One of its fields that is neither data nor metadata: a header, an id, a type. */
    eventFieldBytesMax: 4_096,
    /** What an append, and an event in it, take in memory besides their bytes. */
    appendOverheadBytes: 2_048,
    eventOverheadBytes: 512,
    /** Appends of all calls that wait for the disk; over it, a call ends with RESOURCE_EXHAUSTED. */
    appendBytesUnderWayMax: 256 * 1024 * 1024,
    /** Appends of which not all messages have come: of all calls, and of one. */
    unfinishedAppendBytesMax: 64 * 1024 * 1024,
    batchUnfinishedBytesMax: 16 * 1024 * 1024,
    /** From an append's first message to its last; its call ends with DEADLINE_EXCEEDED. */
    unfinishedAppendMs: 60_000,
    /** From a message's first byte to its last, and from a call's start to its request. */
    messageMs: 30_000,
    /** Messages of all calls of which not all bytes have come; the first bytes of each are not counted. */
    incompleteBytesMax: 128 * 1024 * 1024,
    incompleteBytesFree: 64 * 1024,
    /** Data, metadata and type names of one append; EventStoreDB's default. */
    appendBytesMax: 1024 * 1024,
    appendEventsMax: 10_000,
    /** UTF-8 bytes. LMDB's keys end at 1,978. */
    streamNameBytesMax: 1_024,
    systemStreamNameBytesMax: 1_100,
    eventTypeBytesMax: 1_024,
    filterRegexCharsMax: 1_024,
    /** A compiled expression; one without repetition has about one instruction per character. */
    filterRegexInstructionsMax: 1_200,
    /** Of the automaton of one expression; over it, it is forgotten and built again as the text needs it. */
    filterRegexMemoryBytesMax: 128 * 1024,
    /** Filters take at most this much of a turn of the event loop, all reads and groups together. */
    filterSliceMs: 5,
    filterPrefixesMax: 256,
    /** One commit takes at most this many events, or this many bytes, of those that wait. */
    commitEventsMax: 10_000,
    commitBytesMax: 16 * 1024 * 1024,
    /** The newest events, whose index entries are in memory alone; a start reads them again. */
    recentIndexEventsMax: 1_024,
    /** Per BatchAppend call: over either, the node reads no further from that socket until appends finish. */
    batchAppendsInFlightMax: 4_096,
    /** Appends begun in one message and not ended in it, per BatchAppend call. */
    batchAppendsUnfinishedMax: 64,
    batchBytesInFlightMax: 32 * 1024 * 1024,
    /** A read gathers about this many bytes before it hands them to the socket. */
    readChunkBytes: 64 * 1024,
    /** A filtered read lets other work run after looking at this many events. */
    scanSliceEvents: 1_000,
    /** A live subscription further behind than this is told that it fell behind. */
    fellBehindEvents: 10_000,
    /** The window that a filter without one of its own gets, in events; EventStoreDB's default. */
    filterWindowDefault: 32,
    /** Groups of persistent subscriptions; their settings are one event. */
    groupsMax: 2_000,
    groupNameBytesMax: 256,
    groupSubscribersMax: 1_000,
    /** Events that a group reads ahead, whatever it was set up with, and those that are out with its clients. */
    groupBufferMax: 20_000,
    groupInFlightMax: 20_000,
    /** Events out with one client, whatever it asked for. */
    groupClientBufferMax: 10_000,
    /** Timeouts of a group. Neither timers nor the protocol's answers about groups hold a longer one. */
    groupDurationMsMax: 2 ** 31 - 1,
    /** A checkpoint that could not be written waits this long at least. */
    groupCheckpointRetryMs: 1_000,
    /** How many parts pinned strategies share out among a group's clients. */
    pinnedBuckets: 1_024,
    /** Of the reason that a client gives for parking an event. */
    parkReasonCharsMax: 1_024,
    /** A client's last answering times that statistics are made of. */
    latencySamplesMax: 1_000,
    callsPerConnectionMax: 1_024,
    /** Open calls of all connections; the next one gets RESOURCE_EXHAUSTED. */
    callsMax: 8_192,
    /** Headers of one call: one with more is reset, one with larger ones gets RESOURCE_EXHAUSTED. */
    headersMax: 128,
    headerBytesMax: 16 * 1024,
    /** What Node holds for one connection, MB; over it, new calls on it are refused. */
    connectionMemoryMbMax: 10,
    /** Calls that a peer may reset at once, and per second in the long run; over it, its connection is closed. */
    resetsBurst: 1_000,
    resetsPerSecond: 33,
    /** A connection whose peer does not answer a ping until the next one is closed. */
    pingMs: 30_000,
    connectionsMax: 1_024,
    /** Flow-control window per call, bytes. */
    receiveWindowBytes: 1024 * 1024,
    /** From a connection's start to its first words: the TLS handshake, then the preface of HTTP/2 or a request. */
    handshakeMs: 10_000,
    /** A connection that speaks HTTP/1.1 has one request, and is cut after this. */
    httpConnectionMs: 10_000,
    httpHeaderBytesMax: 16 * 1024,
    /** How long a peer may leave its side of a call open that has been answered. */
    answeredCallGraceMs: 1_000,
    /** What is still open this long after a stop was asked for is cut off. */
    closeGraceMs: 2_000,
    /** Up to this size a data file is read from end to end at every start. */
    verifyAtStartBytesMax: 256 * 1024 * 1024,
    /** Scavenging removes this many events at a time; appends wait for one such step. */
    scavengeBatchEvents: 1_000,
    /** An answer has the id that was asked for, in a trailer. */
    scavengeIdCharsMax: 256,
    /** A compaction is given up when more than this was written while it copied. */
    compactionJournalBytesMax: 256 * 1024 * 1024,
    /** A commit is not begun without room for its events and this much, for the pages around them. */
    commitRoomBytes: 256 * 1024,
    /** A commit that fails with less than this free on the disk failed because the disk is full. */
    diskFullBytes: 256 * 1024,
    /** A suspect data file is tried out in a child process for at most this long. */
    probeTimeoutMs: 30_000,
    /** How often statistics are sent, whatever a client asks for. */
    statsEveryMsMin: 100,
    statsEveryMsMax: 86_400_000,
    /** UTF-8 bytes of what a user is told by, and of what he proves it with. */
    loginBytesMax: 256,
    passwordBytesMax: 1_024,
    fullNameCharsMax: 1_024,
    groupsPerUserMax: 64,
    groupNameCharsMax: 256,
    /** Users ever created: the list of them is read whole to answer it. */
    usersCreatedMax: 100_000,
    /** Passwords checked at the same time, and those that may wait for it. Each takes 16 MiB and a thread. */
    passwordHashesAtOnceMax: 2,
    passwordHashQueueMax: 64,
    /** Callers whose password need not be hashed again on each call. */
    verifiedCredentialsMax: 1_000,
  },
  postgres: {
    /** Connections of one process. The embedded server allows `serverConnectionsMax` in all. */
    poolConnectionsMax: 10,
    serverConnectionsMax: 100,
    /** A caller that finds no free connection for this long gets an error. */
    poolAcquireMs: 10_000,
    poolIdleMs: 30_000,
    /** A statement that runs longer is cancelled by the server; a rebuild sets its own. */
    statementMs: 30_000,
    /**
     * A server that says nothing for this long beyond the time that a statement may take is taken for gone: the
     * statement fails, and its connection is cut.
     */
    answerSlackMs: 5_000,
    /** How long the answer of a statement that may take any time is waited for: the longest that a timer holds. */
    patientAnswerMs: 2 ** 31 - 1,
    /** A transaction that its client left open and idle for this long is ended by the server. */
    idleInTransactionMs: 30_000,
    /** How long a process waits for another one that is migrating the same database. */
    migrationLockMs: 120_000,
    /** From spawning the server to the first answered query, crash recovery included. */
    startMs: 60_000,
    readyPollMs: 20,
    /** A fast shutdown that takes longer becomes an immediate one, and then a kill. */
    fastStopMs: 8_000,
    immediateStopMs: 3_000,
    /** How long the server of a supervisor that was killed may take to go, per signal. */
    leftoverStopMs: 5_000,
    leftoverPollMs: 20,
  },
  supervisor: {
    /** From spawning a child to its ready line. */
    childReadyMs: 90_000,
    /** From SIGTERM to SIGKILL, and the same once an operator has asked twice. */
    childStopMs: 15_000,
    childHurriedStopMs: 1_500,
    restartDelayMsMin: 100,
    restartDelayMsMax: 5_000,
    /** Starts of a child that has never got ready, before the supervisor gives up and stops everything. */
    startsFailedMax: 8,
    /** A child that has served for this long counts as healthy: its failures are forgotten. */
    healthyAfterMs: 2_000,
    /** Copies of one key press (terminal, npm and the bin script all pass it on) arrive within this time. */
    signalEchoMs: 700,
    /** Children that a killed supervisor left behind get this long to go by themselves, and after a signal. */
    leftoverGraceMs: 3_000,
    leftoverPollMs: 20,
    /** A line of a child's stdout that is longer is not a ready line and is not kept. */
    stdoutLineCharsMax: 65_536,
    /** Loopback ports are drawn from here: below every system's range for outgoing connections. */
    loopbackPortMin: 15_000,
    loopbackPortMax: 32_000,
    loopbackPortTries: 64,
  },
  commands: {
    /** Copying a log: events of one stream in one append, and their bytes. */
    copyRunEventsMax: 200,
    copyRunBytesMax: 512 * 1024,
    /** An exported log: a chunk ends at so many events, or at its first event beyond so many bytes. */
    exportChunkEventsMax: 1_000,
    exportChunkBytes: 1024 * 1024,
    /** One line of it that is read: above the largest event that a store takes, in JSON. */
    exportLineBytesMax: 32 * 1024 * 1024,
    /** A piece of a compressed one, before and after: above a chunk with the longest line. */
    exportMemberBytesMax: 64 * 1024 * 1024,
    /** Commands that wait for one stream; the next one is answered `busy` at once. */
    mailboxQueueMax: 10_000,
    /** Commands that wait or run in the whole process. */
    pendingCommandsMax: 50_000,
    /** Commands decided together and appended in one go. */
    batchCommandsMax: 500,
    batchEventsMax: 1_000,
    /** Event data in one append; beneath `eventLog.appendBytesMax` by what metadata and headers take. */
    batchBytesMax: 800_000,
    /** What an event's id, type, metadata and framing add to its data in an append. */
    eventOverheadBytes: 700,
    /** A batch is decided again this often after another writer was faster; then its callers get `busy`. */
    conflictRetriesMax: 12,
    conflictDelayMsMax: 20,
    /** A caller gets `unknown` (or `unavailable`, if nothing was tried) when its command is this old. */
    commandDeadlineMs: 20_000,
    /** Between two tries to read back a stream whose last append had an unknown fate. */
    readBackDelayMsMin: 50,
    readBackDelayMsMax: 2_000,
    busyRetryAfterMs: 500,
    /** Memory for aggregates, estimated, over all kinds; a busy conversation takes over half a MiB ... */
    cachedAggregatesBytesMax: 512 * 1024 * 1024,
    /** ... and how long an unused one stays. */
    cachedAggregateIdleMs: 600_000,
    /** Accepted commands that an aggregate remembers: always this many ... */
    recentCommandsMin: 512,
    /** ... and more, up to this, while they are younger than the command history lags as a rule. */
    recentCommandsMax: 4_096,
    recentCommandsAgeMs: 120_000,
    /** Events per page when a stream is searched backwards for a command. */
    searchPageEvents: 500,
    /** Events looked at for a retry that the history, which lags, may not know yet; beyond, it gets `unknown`. */
    retrySearchEventsMax: 5_000,
    /** Commands of one stream that are looked up at the same time, each of another actor. */
    lookUpsAtOnceMax: 4,
    /** A snapshot is taken after this many events since the last one. */
    snapshotEveryEvents: 256,
    snapshotWritesInFlightMax: 4,
    /** How stale a precondition that lives in another stream may be. */
    preconditionAgeMs: 1_000,
    /** How stale it may be how much somebody has received today. */
    dayTotalAgeMs: 60_000,
    /** How stale a packet may be that somebody only looks at. */
    peekAgeMs: 200,
    /** Wrong phrases of one user for one packet within a window, and how many pairs of the two are remembered. */
    phraseTriesMax: 5,
    phraseTriesWindowMs: 60_000,
    phraseTriesKept: 100_000,
    /** Members of one invitation, or cursors of one acknowledgement, that are looked at at the same time. */
    preconditionReadsAtOnceMax: 8,
    /** Acknowledgements gather this long before they become an event, or until there are so many. */
    receiptWindowMs: 50,
    receiptCursorsPerEvent: 500,
    /** Acknowledgements that may wait; the next one is answered `busy`. */
    receiptsPendingMax: 50_000,
    receiptAppendTriesMax: 3,
    /** What a user started and nobody finished is finished by recovery when it is older than this. */
    recoveryAfterMs: 5_000,
    /** Events that a process manager holds unfinished; then it stops reading. */
    followerInFlightMax: 2_048,
    /** Different keys that a process manager works on at the same time. */
    followerConcurrency: 64,
    followerRetryDelayMsMin: 100,
    followerRetryDelayMsMax: 10_000,
    /** From this many failures on, an event is reported as poison (and tried again still). */
    followerPoisonAfterTries: 8,
    followerCheckpointEveryMs: 250,
    followerLeaseTtlMs: 5_000,
    /** Wall clock against monotonic clock: beyond this, refunds pause ... */
    clockDepartureMsMax: 1_000,
    /** ... until the wall clock has kept its new pace for this long. */
    clockStableMs: 60_000,
  },
  vault: {
    /** Data keys kept in memory, and for how long: a destroyed key is gone everywhere after this. */
    cachedDataKeysMax: 20_000,
    cachedDataKeyAgeMs: 60_000,
    /** Password hashes computed at the same time, and those that may wait for it. */
    passwordHashesAtOnceMax: 2,
    passwordHashQueueMax: 64,
    /** argon2id: OWASP's minimum of 19 MiB, two passes, one lane. */
    passwordHashMemoryKib: 19_456,
    passwordHashPasses: 2,
    passwordHashLanes: 1,
    passwordLengthMin: 8,
    passwordLengthMax: 128,
    /** Wrong payment PINs in a row until the PIN is locked; the first lock, and how much longer each further one is. */
    paymentPinTriesMax: 5,
    paymentPinLockMsMin: 60_000,
    paymentPinLockGrowth: 5,
    paymentPinLockMsMax: 86_400_000,
    /** How long a right payment PIN lets a device pay. */
    paymentTokenTtlMs: 300_000,
    accessTokenTtlMs: 600_000,
    refreshTokenTtlMs: 30 * 86_400_000,
    /**
     * A refresh whose answer was lost may be made again for so long: as long as a client waits for an answer
     * (`client.httpMs`), and then before it tries again.
     */
    refreshRetryGraceMs: 60_000,
  },
  projections: {
    /** Checkpoints of a generation that is made now: the most processes that one projection can be spread over. */
    partitions: 8,
    /** Hash partitions of the tables that hold users' lists (friends, members). */
    listTablePartitions: 8,
    /** One live transaction takes at most this many events, or about this many bytes of event data. */
    batchEventsMax: 500,
    batchBytesMax: 2 * 1024 * 1024,
    /** Over either, summed over the projections of a process, the reader waits for writes to finish. */
    bufferEventsMax: 20_000,
    bufferBytesMax: 64 * 1024 * 1024,
    /** Projections of one process that write at once: each takes a connection of the pool. */
    writersMax: 4,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 30_000,
    /** Between two tries after a fault that may pass (a lost connection, a database that starts). */
    retryDelayMsMin: 50,
    retryDelayMsMax: 5_000,
    /** A checkpoint that moved over foreign events only is written this often; heartbeats go out as often. */
    heartbeatMs: 1_000,
    /** How far a projector has got is told this long after it read events that it had not to write. */
    progressDelayMs: 5,
    /** A projector that dies is replaced after this, when the others have noticed at their next renewal. */
    leaseTtlMs: 5_000,
    leaseRenewMs: 1_500,
    /** A lease that is due to this process, and that its last holder still has, is asked for this often. */
    leaseRetryMs: 250,
    /** Accepted commands are kept, and written in one go, this long. */
    commandHistoryKeptMs: 7 * 24 * 60 * 60 * 1_000,
    commandHistoryLingerMs: 250,
    /** Waiting for a read model to reach a position is given up after this. */
    waitForMsMax: 5_000,
    waitersMax: 100_000,
    /** While somebody waits, what the bus did not say is looked up in the database this often. */
    positionsLookMs: 200,
    /** One transaction of a rebuild. Larger than a live one: nobody waits for its rows. */
    rebuildBatchEventsMax: 5_000,
    /** Events that a rebuild has read and not written yet, about, all of its workers together. */
    rebuildAheadBytesMax: 32 * 1024 * 1024,
    /** Shadows that one worker writes at once: each takes a connection, and a process of PostgreSQL. */
    rebuildWritersMax: 4,
    /** Shadows whose indexes are made at once: each takes a processor of PostgreSQL's, and its memory for sorting. */
    rebuildIndexersMax: 2,
    /** Threads that copy a log, each with connections of its own. */
    rebuildWorkersMax: 8,
    /** Heaps of these threads: old generations of all together, but never less than so much for one; young ones. */
    rebuildHeapsMiB: 256,
    rebuildWorkerHeapMiBMin: 96,
    rebuildWorkerYoungMiB: 48,
    /** So many rows that are only to be added go to PostgreSQL by COPY; fewer in the arrays of an INSERT. */
    copyRowsMin: 100,
    rebuildStatementTimeoutMs: 60 * 60 * 1_000,
    /** Between two tries to replace the rows of another version of the code. */
    rebuildRetryDelayMsMin: 1_000,
    rebuildRetryDelayMsMax: 60_000,
    /**
     * A swap waits this long in all for reads to let go of its views, while new reads wait for it. Well below
     * PostgreSQL's `deadlock_timeout` (1 s unless set otherwise): past that, a read would be made to fail.
     */
    swapReadsWaitMsMax: 200,
    /**
     * A swap holds live writers for this long to copy what they have written since its last look: with
     * `swapReadsWaitMsMax` after it, less than the `lockTimeoutMs` for which they wait.
     */
    swapHoldMsMax: 1_000,
    /** A swap that finds views or checkpoints locked, or is too slow, tries again this often. */
    swapTriesMax: 60,
    /** Rows that differ and are shown by a comparison, per table. */
    differencesShownMax: 10,
    compareFetchRows: 2_000,
    /** Rows of one page of any query. */
    pageRowsMax: 200,
    pageRowsDefault: 50,
  },
  scheduler: {
    /** What packets are spread over; each shard is leased by one scheduler. Fixed per generation of `expiry`. */
    shards: 16,
    /** Refunds under way at once, per process. */
    inFlightMax: 256,
    /** Packets whose refund was asked for and whose row is still there, per process. */
    trackedMax: 10_000,
    retryDelayMsMin: 200,
    retryDelayMsMax: 30_000,
    /** A refund that the log has, but whose row has not gone by then, is asked for again (harmless). */
    settleGraceMs: 5_000,
    leaseTtlMs: 5_000,
    leaseRenewMs: 1_500,
    leaseRetryMs: 250,
  },
  bus: {
    /** A message that would be larger is not sent: its receivers find the gap and read from Postgres. */
    messageBytesMax: 8 * 1024 * 1024,
    /** Messages that wait for the connection to Redis; further ones are dropped and counted. */
    queuedMessagesMax: 10_000,
    connectTimeoutMs: 5_000,
    reconnectDelayMsMin: 50,
    reconnectDelayMsMax: 2_000,
    /** A subscriber asks the server this often whether it is there: it has nothing else to write. */
    pingEveryMs: 2_000,
    /** A server that owes an answer for this long is taken for gone, and connected to anew. */
    answerMs: 3_000,
  },
  gateway: {
    /** A JSON body of an HTTP request. */
    httpBodyBytesMax: 65_536,
    httpHeadersMs: 10_000,
    httpRequestMs: 30_000,
    /** A WebSocket message of a client: the largest request with room to spare. */
    socketMessageBytesMax: 131_072,
    /** From the upgrade to the hello. */
    helloDeadlineMs: 10_000,
    /** A client that sent nothing for this long is pinged ... */
    heartbeatMs: 25_000,
    /** ... and closed when it stays silent for this long in all. */
    silentMs: 60_000,
    /** Resolution of the one wheel that holds every connection's next deadline, and its slots. */
    wheelTickMs: 500,
    wheelSlots: 256,
    connectionsMax: 100_000,
    connectionsPerUserMax: 16,
    /** Commands of one connection that have no answer yet; the next one is answered `busy`. */
    commandsInFlightPerConnectionMax: 64,
    /** Frames per second of one connection, and how many may come at once after a pause. */
    framesPerSecond: 100,
    framesBurst: 300,
    /** A message counts as one frame per so many bytes, if it holds fewer: reading it costs that much. */
    bytesPerFrame: 2_048,
    /** Frames refused for their rate, without a pause that refills the allowance, before the connection is closed. */
    framesRefusedMax: 1_000,
    /** What is wrong inside a malformed frame of a larger message is not looked for. */
    describedBytesMax: 16_384,
    busyRetryAfterMs: 500,
    /** Bytes that wait for one socket: over the first its pushes collapse to a resync, over the second it is closed. */
    sendQueueBytesMax: 262_144,
    sendQueueBytesHardMax: 1_048_576,
    /** A socket whose collapsed queue has not drained after this is closed. */
    collapsedMsMax: 15_000,
    /** Missed items pushed after a hello; a conversation with more gets a `resync`. */
    missedPerConversationMax: 100,
    missedPerHelloMax: 500,
    /** Their bytes. Together with as many of replies and live pushes it stays below what closes a socket. */
    missedBytesPerHelloMax: 262_144,
    /** Conversations looked at after a hello that its cursors do not name: the newest of the inbox. */
    helloInboxEntriesMax: 200,
    /** Groups of one user that updates are pushed of after a hello: the newest. Nothing bounds how many one is in. */
    groupsPerUserMax: 10_000,
    /** How long what goes to a group waits for its memberships; a removal takes effect within this. */
    membershipWaitMs: 1_000,
    /** While that wait is in vain, each conversation's members are told this often that there is something to read. */
    owedResyncMs: 1_000,
    owedConversationsMax: 10_000,
    /** Pushes made of one batch that are handed out before other work has its turn. */
    pushesPerTurnMax: 5_000,
    /** After a loss on the bus, who may get what is read again: so many users at once, so many reads at a time. */
    refreshUsersPerRead: 500,
    refreshReadsMax: 2,
    /** Between two tries of that, when it fails. */
    refreshDelayMsMin: 50,
    refreshDelayMsMax: 2_000,
    /** Changes that wait for their sealed parts to be opened; over it, they are dropped for a resync. */
    changesQueuedMax: 20_000,
    /** Resyncs that concern every connection are spread over this time. */
    resyncSpreadMs: 2_000,
    /** No heartbeat of the bus for this long: the read models' checkpoints are looked up instead. */
    busSilenceMs: 3_000,
    busSilencePollMs: 1_000,
    /** User views kept in memory. */
    cachedUsersMax: 50_000,
    cachedUserAgeMs: 60_000,
    /** How long an account that has just been registered is waited for in the read models. */
    newAccountMs: 2_000,
    newAccountPollMs: 20,
    /** How long a read waits for its `after_position`. */
    afterPositionMsMax: 5_000,
    /** On a shutdown clients are asked to come back after a random part of this ... */
    goingAwaySpreadMs: 3_000,
    /** ... and get this long to take their last answers. */
    goingAwayGraceMs: 2_000,
    /** An answer to whether the process is ready is given again for so long. */
    readinessAgeMs: 1_000,
    /** A check of it that takes longer has failed; it is not begun again before it has ended. */
    readinessCheckMs: 5_000,
    /** Requests per minute and address: everything, logging in and registering. */
    requestsPerMinute: 1_200,
    loginsPerMinutePerAddress: 60,
    loginsPerMinutePerAccount: 10,
    registrationsPerMinutePerAddress: 60,
    /** Entries of a statement in one file: whoever has more asks for the next file. */
    statementFileRowsMax: 100_000,
    /** Such files per minute and address: each may take hundreds of reads. */
    statementFilesPerMinutePerAddress: 20,
    /** Requests of one account about its payment PIN: each may take a hash. */
    paymentPinsPerMinutePerAccount: 20,
    /** WebSocket upgrades per minute and address. */
    upgradesPerMinute: 600,
    /** A store of shared rates that does not answer within the first is done without, within the second is left. */
    rateLimitAnswerMs: 300,
    rateLimitStallMs: 1_000,
    /** Addresses and accounts whose rates are remembered in memory. */
    rateLimitKeysMax: 20_000,
  },
  client: {
    /** A command is given up after this, retries included. */
    requestMs: 30_000,
    httpMs: 30_000,
    /** From opening the socket to the hello's answer. */
    connectMs: 15_000,
    /** A socket that stays silent this long after a ping is given up. */
    pongMs: 10_000,
    reconnectDelayMsMin: 250,
    reconnectDelayMsMax: 20_000,
    /** An access token is refreshed when less than this is left of it. */
    refreshBeforeMs: 60_000,
    /**
     * An access token that the server has just issued is used for at least this long, and a connection presents
     * a fresh one no sooner than this after the last, whatever the clocks say; a refusal alone comes before it.
     */
    freshTokenMs: 15_000,
    /** Delivered and read cursors are gathered this long before they are sent. */
    ackWindowMs: 200,
    /** Commands that wait for an answer or a connection; the next one fails at once. */
    pendingRequestsMax: 1_000,
    /** Commands sent and not answered; below what the gateway takes of one connection. */
    requestsInFlightMax: 48,
    /** Wait before a command is sent again after `busy` without a delay of the server's. */
    retryDelayMsMin: 200,
    retryDelayMsMax: 3_000,
    /** Items held back per conversation while a hole before them is being fetched. */
    heldBackMax: 500,
    fetchPageItems: 200,
    /** Conversations whose cursors are kept; the least recently used ones are forgotten. */
    cursorsMax: 1_000,
    /** How long `next` waits by default. */
    nextMs: 10_000,
  },
  doctor: {
    /** A check that takes longer is given up. Above what reading from a silent event store takes to give up. */
    checkMs: 12_000,
    databaseConnectionsMax: 2,
    /** Free on a disk that hongbao writes to: below the first it warns, below the second it is a problem. */
    diskFreeBytesWarn: 2 * 1024 * 1024 * 1024,
    diskFreeBytesMin: 256 * 1024 * 1024,
    /** Files whose sizes are added up, per part of the data folder. */
    folderEntriesMax: 100_000,
    /** Of the machine or the container, and what is left of it. Aggregates alone may fill 512 MiB. */
    memoryBytesWarn: 1024 * 1024 * 1024,
    memoryFreeBytesWarn: 256 * 1024 * 1024,
    /** Open files of one process, beside one for each connection of a gateway; below the second nothing works. */
    otherDescriptors: 1_000,
    descriptorsMin: 1_024,
    /** How far the clock may be off before it is a problem; it warns at `commands.clockDepartureMsMax`. */
    clockOffMsMax: 60_000,
    /** Age of the oldest event that a read model has not taken while somebody keeps it. */
    lagMsWarn: 10_000,
    lagMsMax: 60_000,
    /** How long a packet's refund may be overdue while a scheduler runs. */
    overdueSecondsMax: 10,
    /** Database connections that are left: what one process takes, and too few for anything. */
    connectionsLeftWarn: 20,
    connectionsLeftMin: 3,
    /** A certificate that ends sooner is warned of. */
    certificateDaysWarn: 21,
  },
  cli: {
    /** A development log that is larger than this when the server starts is put aside. */
    logFileBytesMax: 16 * 1024 * 1024,
    /** How far apart the clocks of two writers to one log may be before a range that ends at a time misses events. */
    clockSlackMs: 60_000,
    /** After a retry or a skip, so long is looked whether a projector has taken the partition up, this often. */
    takeUpMsMax: 10_000,
    takeUpPollMs: 100,
    /** After an abort, so long is looked whether the rebuild has given up, this often. */
    abortMsMax: 30_000,
    abortPollMs: 100,
    /** Rows that differ which an audit lists in JSON, of each table; it counts all, and lists as many as it is told to. */
    differencesListedMax: 10_000,
    /** Why an account is frozen or unfrozen: kept in the log. */
    freezeReasonCharsMax: 500,
    /** Why an event is skipped: kept in the log. */
    skipReasonCharsMax: 500,
    /** How far a rebuild is behind the log is looked up this often. */
    headLookMs: 1_000,
    /** Where progress is no terminal's, a line of it is printed this often. */
    progressLineMs: 5_000,
    /** A `replay --follow` that ends at a time looks at the clock this often. */
    followEndPollMs: 1_000,
  },
} as const;
