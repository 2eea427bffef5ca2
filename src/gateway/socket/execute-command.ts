import type { Outcome, RequestContext } from '../../commands/requests.ts';
import type { RawClientFrame } from '../../protocol/frames.ts';
import type { Takes, WireRequestType } from '../../protocol/requests.ts';
import { wireError } from '../wire-error.ts';
import type { Connection } from './connection.ts';
import { dataFault, type FaultOptions } from './read-frame.ts';
import type { SocketGateway } from './socket-gateway.ts';

/** Has one command carried out and answers its frame. The command's fate does not depend on the connection's. */
export function executeCommand(
  gateway: SocketGateway,
  connection: Connection,
  frame: RawClientFrame,
  type: WireRequestType,
  faults: FaultOptions,
) {
  const { userId, deviceId } = connection;
  if (userId === undefined || deviceId === undefined) throw new Error('an open connection has a user');
  if (frame.commandId === undefined) {
    return gateway.rejected(connection, frame.id, wireError('bad-request', 'A command has a commandId.'));
  }
  if (type === 'deposit' && gateway.options.environment === 'production') {
    return gateway.rejected(connection, frame.id, wireError('not-in-production'));
  }
  const { data } = frame;
  if (!isDataOf(type, data)) {
    const fault = dataFault(type, data, faults);
    return gateway.rejected(connection, frame.id, wireError('bad-request', fault));
  }
  const context: RequestContext = {
    userId,
    deviceId,
    commandId: frame.commandId,
    retry: frame.retry ?? false,
    correlationId: frame.commandId,
  };
  gateway.commandStarted(connection);
  gateway.options.commands
    .execute(type, data, context)
    .then(
      (outcome) => answer(gateway, connection, frame.id, outcome),
      (error: unknown) => {
        gateway.options.logger.error({ err: error, type, commandId: frame.commandId }, 'a command failed');
        gateway.rejected(connection, frame.id, wireError('internal'));
      },
    )
    .finally(() => gateway.commandFinished(connection));
}

function isDataOf<Type extends WireRequestType>(type: Type, data: unknown): data is Takes<Type> {
  return dataFault(type, data, { describe: false }) === undefined;
}

function answer(gateway: SocketGateway, connection: Connection, id: number, outcome: Outcome<unknown>) {
  switch (outcome.kind) {
    case 'accepted':
      return gateway.accepted(connection, id, outcome.answer, outcome.position.toString());
    case 'rejected':
      return gateway.rejected(connection, id, wireError(outcome.code, outcome.message));
    case 'busy':
      return gateway.rejected(connection, id, wireError('busy', undefined, outcome.retryAfterMs));
    case 'unknown':
      return gateway.rejected(connection, id, wireError('unknown-outcome'));
  }
}
