/** `Read`: a client's connection to a group. Events go one way, acknowledgements the other. */
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import { type Access, ALL_STREAM, requireKnown, requireStreamThroughout } from '../access/access.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';
import { GrpcError, grpcStatus, invalidArgument } from '../grpc/grpc-status.ts';
import { RecordCorrupt } from '../storage/stored-record.ts';
import { parseAnswer, parseConnection } from './client-request.ts';
import { groupKey } from './group-name.ts';
import type { GroupRegistry } from './group-registry.ts';
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
  if (first.done) throw invalidArgument('the call has no request');
  const { name, ...wanted } = parseConnection(first.value);
  requireKnown(call.caller);
  requireStreamThroughout(access, call, name.stream ?? ALL_STREAM, 'read');
  const group = groups.find(name);
  const subscriber = new Subscriber({ id: ids.next(), ...wanted });
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

/** Until the client says no more. Throws `GrpcError` for what is no answer. */
async function readAnswers(
  messages: AsyncIterable<Buffer>,
  group: PersistentGroup,
  subscriber: Subscriber,
): Promise<void> {
  for await (const bytes of messages) {
    const answer = parseAnswer(bytes);
    if (answer.kind === 'ack') group.ack(subscriber, answer.ids);
    else group.nack(subscriber, answer.ids, answer.action, answer.reason);
  }
}
