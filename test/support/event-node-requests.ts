/** Every method that the event node serves, with messages that it takes, for tests that change them. */
import monitoring from '@eventstore/db-client/generated/monitoring_pb.js';
import operations from '@eventstore/db-client/generated/operations_pb.js';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';

interface Serializable {
  serializeBinary(): Uint8Array;
}

const ID = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
/** The ids that messages about events name, in both of their forms. */
export const eventIds: readonly string[] = [ID, 'ffffffff-ffff-ffff-7fff-ffffffffffff'];
const empty = (): shared.Empty => new shared.Empty();
const identifier = (): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from('order-1'));
const textId = (): shared.UUID => new shared.UUID().setString(ID);
const structuredId = (): shared.UUID =>
  new shared.UUID().setStructured(
    new shared.UUID.Structured().setMostSignificantBits('-1').setLeastSignificantBits('9223372036854775807'),
  );

const { Options } = streams.ReadReq;
const readOptions = (): streams.ReadReq.Options =>
  new Options()
    .setUuidOption(new Options.UUIDOption().setString(empty()))
    .setControlOption(new Options.ControlOption().setCompatibility(1))
    .setCount('10');

const filteredRead = (): Serializable =>
  new streams.ReadReq().setOptions(
    readOptions()
      .setAll(new Options.AllOptions().setPosition(new Options.Position().setCommitPosition('7')))
      .setFilter(
        new Options.FilterOptions()
          .setStreamIdentifier(new Options.FilterOptions.Expression().setRegex('(?i)^(?!x)[\\w-]+$'))
          .setMax(32)
          .setCheckpointintervalmultiplier(1),
      ),
  );

const streamRead = (): Serializable =>
  new streams.ReadReq().setOptions(
    readOptions()
      .setStream(new Options.StreamOptions().setStreamIdentifier(identifier()).setRevision('0'))
      .setNoFilter(empty()),
  );

export const appendHeader = (): Serializable =>
  new streams.AppendReq().setOptions(
    new streams.AppendReq.Options().setStreamIdentifier(identifier()).setAny(empty()),
  );

function appendEvent(): Serializable {
  const event = new streams.AppendReq.ProposedMessage().setId(textId()).setData(Buffer.from('{}'));
  event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
  return new streams.AppendReq().setProposedMessage(event);
}

function batch(): Serializable {
  const event = new streams.BatchAppendReq.ProposedMessage().setId(structuredId());
  event.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
  return new streams.BatchAppendReq()
    .setCorrelationId(structuredId())
    .setOptions(new streams.BatchAppendReq.Options().setStreamIdentifier(identifier()).setAny(empty()))
    .setProposedMessagesList([event])
    .setIsFinal(true);
}

const deletion = (): Serializable =>
  new streams.DeleteReq().setOptions(
    new streams.DeleteReq.Options().setStreamIdentifier(identifier()).setRevision('3'),
  );

/** What the messages that make and change groups share. */
const settled = <Settings extends persistent.CreateReq.Settings | persistent.UpdateReq.Settings>(
  settings: Settings,
): Settings => {
  settings.setMaxRetryCount(10).setMinCheckpointCount(10).setMaxCheckpointCount(1_000);
  settings.setHistoryBufferSize(500).setLiveBufferSize(500).setReadBatchSize(20);
  settings.setMessageTimeoutTicks('300000000').setCheckpointAfterMs(2_000).setExtraStatistics(true);
  return settings;
};

const streamGroup = (): Serializable =>
  new persistent.CreateReq().setOptions(
    new persistent.CreateReq.Options()
      .setStream(new persistent.CreateReq.StreamOptions().setStreamIdentifier(identifier()).setRevision('1'))
      .setGroupName('group')
      .setSettings(settled(new persistent.CreateReq.Settings()).setConsumerStrategy('Pinned')),
  );

function allGroup(): Serializable {
  const { AllOptions } = persistent.CreateReq;
  const filter = new AllOptions.FilterOptions()
    .setEventType(new AllOptions.FilterOptions.Expression().setPrefixList(['T', 'U']))
    .setMax(32)
    .setCheckpointintervalmultiplier(1);
  return new persistent.CreateReq().setOptions(
    new persistent.CreateReq.Options()
      .setAll(new AllOptions().setStart(empty()).setFilter(filter))
      .setGroupName('group')
      .setSettings(settled(new persistent.CreateReq.Settings()).setNamedConsumerStrategy(1)),
  );
}

const groupUpdate = (): Serializable =>
  new persistent.UpdateReq().setOptions(
    new persistent.UpdateReq.Options()
      .setStream(new persistent.UpdateReq.StreamOptions().setStreamIdentifier(identifier()).setEnd(empty()))
      .setGroupName('group')
      .setSettings(settled(new persistent.UpdateReq.Settings())),
  );

export const groupConnection = (): Serializable =>
  new persistent.ReadReq().setOptions(
    new persistent.ReadReq.Options()
      .setStreamIdentifier(identifier())
      .setGroupName('group')
      .setBufferSize(10)
      .setUuidOption(new persistent.ReadReq.Options.UUIDOption().setString(empty())),
  );

const acknowledgement = (): Serializable =>
  new persistent.ReadReq().setAck(new persistent.ReadReq.Ack().setIdsList([textId(), structuredId()]));

const refusal = (): Serializable =>
  new persistent.ReadReq().setNack(
    new persistent.ReadReq.Nack().setIdsList([textId()]).setAction(1).setReason('broken'),
  );

const groupDeletion = (): Serializable =>
  new persistent.DeleteReq().setOptions(
    new persistent.DeleteReq.Options().setStreamIdentifier(identifier()).setGroupName('group'),
  );

const groupInfo = (): Serializable =>
  new persistent.GetInfoReq().setOptions(
    new persistent.GetInfoReq.Options().setStreamIdentifier(identifier()).setGroupName('group'),
  );

const groupReplay = (): Serializable =>
  new persistent.ReplayParkedReq().setOptions(
    new persistent.ReplayParkedReq.Options()
      .setStreamIdentifier(identifier())
      .setGroupName('group')
      .setStopAt('5'),
  );

const allGroups = (): Serializable =>
  new persistent.ListReq().setOptions(new persistent.ListReq.Options().setListAllSubscriptions(empty()));

const groupsOfStream = (): Serializable =>
  new persistent.ListReq().setOptions(
    new persistent.ListReq.Options().setListForStream(
      new persistent.ListReq.StreamOption().setStream(identifier()),
    ),
  );

const userCreation = (): Serializable =>
  new users.CreateReq().setOptions(
    new users.CreateReq.Options()
      .setLoginName('lin')
      .setPassword('first')
      .setFullName('Lin')
      .setGroupsList(['a', 'b']),
  );
const userUpdate = (): Serializable =>
  new users.UpdateReq().setOptions(
    new users.UpdateReq.Options().setLoginName('lin').setFullName('Lin').setGroupsList(['a']),
  );
const passwordChange = (): Serializable =>
  new users.ChangePasswordReq().setOptions(
    new users.ChangePasswordReq.Options()
      .setLoginName('lin')
      .setCurrentPassword('first')
      .setNewPassword('second'),
  );
const passwordReset = (): Serializable =>
  new users.ResetPasswordReq().setOptions(
    new users.ResetPasswordReq.Options().setLoginName('lin').setNewPassword('third'),
  );

const scavengeStart = (): Serializable =>
  new operations.StartScavengeReq().setOptions(
    new operations.StartScavengeReq.Options().setThreadCount(1).setStartFromChunk(0),
  );
const scavengeStop = (): Serializable =>
  new operations.StopScavengeReq().setOptions(new operations.StopScavengeReq.Options().setScavengeId(ID));

export const STREAMS = '/event_store.client.streams.Streams';
export const GROUPS = '/event_store.client.persistent_subscriptions.PersistentSubscriptions';
export const USERS = '/event_store.client.users.Users';
export const OPERATIONS = '/event_store.client.operations.Operations';

// Last of all what may take the stream that others name away.
const requests: Readonly<Record<string, readonly (() => Serializable)[]>> = {
  [`${STREAMS}/Read`]: [filteredRead, streamRead],
  [`${STREAMS}/Append`]: [appendHeader, appendEvent],
  [`${STREAMS}/BatchAppend`]: [batch],
  [`${GROUPS}/Create`]: [streamGroup, allGroup],
  [`${GROUPS}/Update`]: [groupUpdate],
  [`${GROUPS}/Read`]: [groupConnection, acknowledgement, refusal],
  [`${GROUPS}/GetInfo`]: [groupInfo],
  [`${GROUPS}/List`]: [allGroups, groupsOfStream],
  [`${GROUPS}/ReplayParked`]: [groupReplay],
  [`${GROUPS}/Delete`]: [groupDeletion],
  [`${GROUPS}/RestartSubsystem`]: [empty],
  [`${USERS}/Create`]: [userCreation],
  [`${USERS}/Update`]: [userUpdate],
  [`${USERS}/Disable`]: [
    () => new users.DisableReq().setOptions(new users.DisableReq.Options().setLoginName('lin')),
  ],
  [`${USERS}/Enable`]: [
    () => new users.EnableReq().setOptions(new users.EnableReq.Options().setLoginName('lin')),
  ],
  [`${USERS}/Details`]: [
    () => new users.DetailsReq().setOptions(new users.DetailsReq.Options().setLoginName('lin')),
    () => new users.DetailsReq(),
  ],
  [`${USERS}/ChangePassword`]: [passwordChange],
  [`${USERS}/ResetPassword`]: [passwordReset],
  [`${USERS}/Delete`]: [
    () => new users.DeleteReq().setOptions(new users.DeleteReq.Options().setLoginName('lin')),
  ],
  [`${OPERATIONS}/StartScavenge`]: [scavengeStart],
  [`${OPERATIONS}/StopScavenge`]: [scavengeStop],
  [`${OPERATIONS}/MergeIndexes`]: [empty],
  [`${OPERATIONS}/ResignNode`]: [empty],
  [`${OPERATIONS}/SetNodePriority`]: [() => new operations.SetNodePriorityReq().setPriority(3)],
  [`${OPERATIONS}/RestartPersistentSubscriptions`]: [empty],
  [`${OPERATIONS}/Shutdown`]: [empty],
  '/event_store.client.gossip.Gossip/Read': [empty],
  '/event_store.client.monitoring.Monitoring/Stats': [
    () => new monitoring.StatsReq().setUseMetadata(true).setRefreshTimePeriodInMs('1000'),
  ],
  '/event_store.client.server_features.ServerFeatures/GetSupportedMethods': [empty],
  [`${STREAMS}/Delete`]: [deletion],
  [`${STREAMS}/Tombstone`]: [deletion],
};

/** Every method by its path, with the bytes of messages that it takes. */
export const nodeRequests: ReadonlyMap<string, readonly Uint8Array[]> = new Map(
  Object.entries(requests).map(([path, makes]) => [path, makes.map((make) => make().serializeBinary())]),
);
