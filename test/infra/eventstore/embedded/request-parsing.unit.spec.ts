/** What the node does with the bytes of a request before it acts on them: it makes a request of them, or refuses. */
import operations from '@eventstore/db-client/generated/operations_pb.js';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseFullName,
  parseGroups,
  parseLogin,
  parsePassword,
} from '../../../../infra/eventstore/embedded/access/user-request.ts';
import {
  GrpcError,
  grpcMessage,
  grpcStatus,
} from '../../../../infra/eventstore/embedded/grpc/grpc-status.ts';
import { parseMessage } from '../../../../infra/eventstore/embedded/grpc/parse-message.ts';
import { parseStatsEveryMs } from '../../../../infra/eventstore/embedded/operations/monitoring-service.ts';
import { parseScavengeId } from '../../../../infra/eventstore/embedded/operations/operations-service.ts';
import {
  parseAnswer,
  parseConnection,
} from '../../../../infra/eventstore/embedded/persistent-subscriptions/client-request.ts';
import { filterOf } from '../../../../infra/eventstore/embedded/persistent-subscriptions/group-filter.ts';
import { parseGroupRequest } from '../../../../infra/eventstore/embedded/persistent-subscriptions/group-request.ts';
import { settingsProblem } from '../../../../infra/eventstore/embedded/persistent-subscriptions/group-settings.ts';
import { parseTarget } from '../../../../infra/eventstore/embedded/persistent-subscriptions/group-target.ts';
import { parseListed } from '../../../../infra/eventstore/embedded/persistent-subscriptions/info-service.ts';
import { parseReplay } from '../../../../infra/eventstore/embedded/persistent-subscriptions/manage-service.ts';
import {
  appendReqEvent,
  batchAppendReqEvent,
  checkEventMessage,
} from '../../../../infra/eventstore/embedded/streams/event-message-guard.ts';
import { parseExpectedRevision } from '../../../../infra/eventstore/embedded/streams/expected-revision.ts';
import {
  AppendEvents,
  parseUuid,
  parseWritableStream,
} from '../../../../infra/eventstore/embedded/streams/proposal.ts';
import { parseReadRequest } from '../../../../infra/eventstore/embedded/streams/read-request.ts';
import { limits } from '../../../../src/config/limits.ts';
import { GROUPS, nodeRequests } from '../../../support/event-node-requests.ts';
import { fuzzRuns, hostileBytes } from '../../../support/hostile-bytes.ts';

type Parse = (bytes: Uint8Array) => unknown;

const parseDeletion: Parse = (bytes) => {
  const options = parseMessage(streams.DeleteReq, bytes).getOptions();
  parseWritableStream(options?.getStreamIdentifier());
  if (options !== undefined) parseExpectedRevision(options);
};

const parsers: Readonly<Record<string, Readonly<Record<string, Parse>>>> = {
  'streams.Streams': {
    Read: (bytes) => parseReadRequest(parseMessage(streams.ReadReq, bytes)),
    Append: (bytes) => {
      checkEventMessage(bytes, appendReqEvent);
      const request = parseMessage(streams.AppendReq, bytes);
      const event = request.getProposedMessage();
      const options = request.getOptions();
      if (event !== undefined) new AppendEvents().add(event);
      if (options === undefined) return;
      parseWritableStream(options.getStreamIdentifier());
      parseExpectedRevision(options);
    },
    BatchAppend: (bytes) => {
      checkEventMessage(bytes, batchAppendReqEvent);
      const request = parseMessage(streams.BatchAppendReq, bytes);
      parseUuid(request.getCorrelationId());
      parseWritableStream(request.getOptions()?.getStreamIdentifier());
      const events = new AppendEvents();
      for (const event of request.getProposedMessagesList()) events.add(event);
    },
    Delete: parseDeletion,
    Tombstone: parseDeletion,
  },
  'persistent_subscriptions.PersistentSubscriptions': {
    Create: (bytes) => {
      const { filter } = parseGroupRequest(parseMessage(persistent.CreateReq, bytes).getOptions());
      if (filter !== undefined) filterOf(filter);
    },
    Update: (bytes) => parseGroupRequest(parseMessage(persistent.UpdateReq, bytes).getOptions()),
    Read: (bytes) => {
      const request = parseMessage(persistent.ReadReq, bytes);
      return request.hasOptions() ? parseConnection(bytes) : parseAnswer(bytes);
    },
    GetInfo: (bytes) => parseTarget(parseMessage(persistent.GetInfoReq, bytes).getOptions() ?? nobody),
    Delete: (bytes) => parseTarget(parseMessage(persistent.DeleteReq, bytes).getOptions() ?? nobody),
    List: parseListed,
    ReplayParked: parseReplay,
  },
  'users.Users': {
    Create: (bytes) => {
      const options = parseMessage(users.CreateReq, bytes).getOptions();
      parseLogin(options?.getLoginName());
      parsePassword(options?.getPassword());
      parseFullName(options?.getFullName());
      parseGroups(options?.getGroupsList());
    },
    Update: (bytes) => {
      const options = parseMessage(users.UpdateReq, bytes).getOptions();
      parseFullName(options?.getFullName());
      parseGroups(options?.getGroupsList());
      parseLogin(options?.getLoginName());
    },
    Enable: (bytes) => parseLogin(parseMessage(users.EnableReq, bytes).getOptions()?.getLoginName()),
    Details: (bytes) => {
      const login = parseMessage(users.DetailsReq, bytes).getOptions()?.getLoginName();
      return login === undefined ? undefined : parseLogin(login);
    },
    ChangePassword: (bytes) => {
      const options = parseMessage(users.ChangePasswordReq, bytes).getOptions();
      parseLogin(options?.getLoginName());
      parsePassword(options?.getNewPassword());
    },
  },
  'operations.Operations': {
    StartScavenge: (bytes) => parseMessage(operations.StartScavengeReq, bytes),
    StopScavenge: parseScavengeId,
  },
  'monitoring.Monitoring': { Stats: parseStatsEveryMs },
};

const nobody = new persistent.GetInfoReq.Options();

const methods = Object.entries(parsers).flatMap(([service, methodsOf]) =>
  Object.entries(methodsOf).map(([method, parse]) => {
    const path = `/event_store.client.${service}/${method}`;
    return { path, valid: nodeRequests.get(path) ?? [], parse };
  }),
);

/** What the trailers of an error may take: a client that gets more of them gets none, and no status either. */
const TRAILER_BYTES_MAX = 16 * 1024;

/** Parses, and checks that a refusal is one that can be sent. */
function refusalOf(parse: Parse, bytes: Uint8Array): GrpcError | undefined {
  try {
    parse(bytes);
    return undefined;
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    const trailers = [grpcMessage(error.message), ...Object.values(error.trailers)].join('');
    expect(trailers).toMatch(/^[\x20-\x7e]*$/);
    expect(trailers.length).toBeLessThan(TRAILER_BYTES_MAX);
    return error;
  }
}

describe.each(methods)('$path', ({ valid, parse }) => {
  test('takes what it is made for', () => {
    expect(valid).not.toEqual([]);
    for (const bytes of valid) expect(() => parse(bytes)).not.toThrow();
  });

  test('takes or refuses whatever else it gets', () => {
    fc.assert(
      fc.property(hostileBytes(valid), (bytes) => {
        fc.pre(bytes.length <= limits.eventNode.requestBytesMax);
        refusalOf(parse, bytes);
      }),
      { numRuns: fuzzRuns(1_000) },
    );
  });
});

describe('what is refused, and how', () => {
  const target = (group: string): persistent.GetInfoReq.Options =>
    new persistent.GetInfoReq.Options().setGroupName(group).setAll(new shared.Empty());
  const groupOf = (change: (settings: persistent.CreateReq.Settings) => unknown): Uint8Array => {
    const request = persistent.CreateReq.deserializeBinary(nodeRequests.get(`${GROUPS}/Create`)![0]!);
    change(request.getOptions()!.getSettings()!);
    return request.serializeBinary();
  };
  const createGroup = parsers['persistent_subscriptions.PersistentSubscriptions']!.Create!;

  test.each([
    ['a message longer than all that comes', '0ad8a1e69bc64efb29'],
    ['a message longer than 32 bits can say', '0affffffffff0f'],
    ['a text longer than the message that it is in', '0a041a7f6f72ffff'],
    ['bytes of a field that nothing knows', 'fa01ffffffff07'],
    ['a field without a number', '0000'],
    ['a group', '0b0c'],
  ])('%s, without walking over bytes that are not there', (_, hex) => {
    expect(refusalOf(createGroup, Buffer.from(hex, 'hex'))?.status).toBe(grpcStatus.invalidArgument);
  });

  test('half a character in a group name: streams of the group would have the name of another one', () => {
    // As CESU-8 has it, which the published messages read.
    const bytes = Buffer.from(target('\u0101\u0101').serializeBinary()).toString('hex');
    const half = Buffer.from(bytes.replace('04c481c481', '04eda08061'), 'hex');
    const parse: Parse = (bytes) => parseTarget(persistent.GetInfoReq.Options.deserializeBinary(bytes));
    expect(refusalOf(parse, half)?.status).toBe(grpcStatus.invalidArgument);
  });

  test('a consumer strategy whose name is cut inside of a character', () => {
    const bytes = groupOf((settings) => settings.setConsumerStrategy(`${'x'.repeat(99)}\u{1f9e7}`));
    expect(refusalOf(createGroup, bytes)?.trailers['exception']).toBe('persistent-subscription-failed');
  });

  test('the id of a scavenge that no trailer holds', () => {
    const stop = new operations.StopScavengeReq().setOptions(
      new operations.StopScavengeReq.Options().setScavengeId('x'.repeat(100_000)),
    );
    expect(refusalOf(parseScavengeId, stop.serializeBinary())?.status).toBe(grpcStatus.invalidArgument);
  });

  test.each(['messageTimeoutTicks', 'checkpointAfterTicks'] as const)(
    'a group whose %s are more milliseconds than timers and answers hold',
    (name) => {
      const ticksOf = (ms: number): Uint8Array =>
        groupOf((settings) => {
          if (name === 'messageTimeoutTicks') settings.setMessageTimeoutTicks(String(ms * 10_000));
          else settings.setCheckpointAfterTicks(String(ms * 10_000));
        });
      const problemOf = (ms: number): string | undefined =>
        settingsProblem(
          parseGroupRequest(parseMessage(persistent.CreateReq, ticksOf(ms)).getOptions()).settings,
        );
      expect(problemOf(2 ** 31 - 1)).toBeUndefined();
      expect(problemOf(2 ** 31)).toContain('at most 2147483647');
    },
  );
});
