/** `Read`: a client's connection to a group. Events go one way, acknowledgements the other. */
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import { type Access, ALL_STREAM, requireKnown, requireStreamThroughout } from '../access/access.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, invalidArgument } from '../grpc/grpc-status.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { parseUuid } from '../streams/proposal.ts';
import { RecordCorrupt } from '../storage/stored-record.ts';
import type { NackAction } from './group-message.ts';
import { groupKey } from './group-name.ts';
import type { GroupRegistry } from './group-registry.ts';
import { parseTarget } from './group-target.ts';
import type { PersistentGroup } from './persistent-group.ts';
import { Subscriber } from './subscriber.ts';

export function connectService(groups: GroupRegistry, runtime: Runtime, access: Access): GrpcHandler {
  return async (call) => {
    const messages = call.messages();
    try {
      await serveClient(call, messages, groups, runtime, access);
    } catch (error) {
      if (error instanceof RecordCorrupt) throw new GrpcError(grpcStatus.dataLoss, error.message);
      throw error;
    } finally {
      // Not awaited: it waits for the client's next message. What still comes must not fill the connection's window.
      void messages.return();
    }
  };
}

async function serveClient(
  call: GrpcCall,
  messages: AsyncGenerator<Buffer, void, undefined>,
  groups: GroupRegistry,
  { ids }: Runtime,
  access: Access,
): Promise<void> {
  const first = await messages.next();
  if (call.signal.aborted) return;
  const options = first.done ? undefined : parseMessage(persistent.ReadReq, first.value).getOptions();
  if (options === undefined) throw invalidArgument('a connection begins with its options');
  const bufferSize = options.getBufferSize();
  if (bufferSize < 1) throw invalidArgument('a buffer holds at least one event');
  const name = parseTarget(options);
  requireKnown(call.caller);
  requireStreamThroughout(access, call, name.stream ?? ALL_STREAM, 'read');
  const group = groups.find(name);
  const subscriber = new Subscriber({
    id: ids.next(),
    bufferSize: Math.min(bufferSize, limits.eventNode.groupClientBufferMax),
    uuidForm: options.getUuidOption()?.hasString() ? 'string' : 'structured',
  });
  group.connect(subscriber);
  try {
    readAnswers(messages, group, subscriber).catch((error: unknown) => {
      subscriber.end(error instanceof Error ? error : new Error(String(error)));
    });
    await subscriber.serve(call, groupKey(group.config.name), group);
  } finally {
    group.disconnect(subscriber);
  }
}

const actions: readonly NackAction[] = ['unknown', 'park', 'retry', 'skip', 'stop'];

/** Until the client says no more. Throws `GrpcError` for what is no answer. */
async function readAnswers(
  messages: AsyncIterable<Buffer>,
  group: PersistentGroup,
  subscriber: Subscriber,
): Promise<void> {
  for await (const bytes of messages) {
    const request = parseMessage(persistent.ReadReq, bytes);
    const ack = request.getAck();
    const nack = request.getNack();
    if (ack !== undefined) {
      group.ack(subscriber, ack.getIdsList().map(parseUuid));
    } else if (nack !== undefined) {
      const action = actions[nack.getAction()];
      if (action === undefined) throw invalidArgument('there is no such action');
      group.nack(subscriber, nack.getIdsList().map(parseUuid), action, nack.getReason());
    } else {
      throw invalidArgument('a connected client sends acknowledgements');
    }
  }
}
