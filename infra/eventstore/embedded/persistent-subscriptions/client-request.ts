/** What a client of a group says: first what it wants, then what has become of what it got. */
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { limits } from '../../../../src/config/limits.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { parseMessage } from '../grpc/parse-message.ts';
import { parseUuid } from '../streams/proposal.ts';
import type { NackAction } from './group-message.ts';
import type { GroupName } from './group-name.ts';
import { parseTarget } from './group-target.ts';
import type { SubscriberOptions } from './subscriber.ts';

export interface Connection extends Omit<SubscriberOptions, 'id'> {
  readonly name: GroupName;
}

/** The first message of a client. Throws `GrpcError` when it is none. */
export function parseConnection(bytes: Uint8Array): Connection {
  const options = parseMessage(persistent.ReadReq, bytes).getOptions();
  if (options === undefined) throw invalidArgument('a connection begins with its options');
  const bufferSize = options.getBufferSize();
  if (bufferSize < 1) throw invalidArgument('a buffer holds at least one event');
  return {
    name: parseTarget(options),
    bufferSize: Math.min(bufferSize, limits.eventNode.groupClientBufferMax),
    uuidForm: options.getUuidOption()?.hasString() ? 'string' : 'structured',
  };
}

/** The events that a client is done with, or could not handle. */
export type ClientAnswer =
  | { readonly kind: 'ack'; readonly ids: readonly string[] }
  | {
      readonly kind: 'nack';
      readonly ids: readonly string[];
      readonly action: NackAction;
      readonly reason: string;
    };

const actions: readonly NackAction[] = ['unknown', 'park', 'retry', 'skip', 'stop'];

/** Any further message of a client. Throws `GrpcError` when it is no answer. */
export function parseAnswer(bytes: Uint8Array): ClientAnswer {
  const request = parseMessage(persistent.ReadReq, bytes);
  const ack = request.getAck();
  if (ack !== undefined) return { kind: 'ack', ids: ack.getIdsList().map(parseUuid) };
  const nack = request.getNack();
  if (nack === undefined) throw invalidArgument('a connected client sends acknowledgements');
  const action = actions[nack.getAction()];
  if (action === undefined) throw invalidArgument('there is no such action');
  return { kind: 'nack', ids: nack.getIdsList().map(parseUuid), action, reason: nack.getReason() };
}
