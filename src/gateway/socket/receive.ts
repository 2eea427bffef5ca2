import { limits } from '../../config/limits.ts';
import type { ControlType, RawClientFrame } from '../../protocol/frames.ts';
import { controlSchemas } from '../../protocol/frames.ts';
import { isRequestType } from '../../protocol/requests.ts';
import { wireError } from '../wire-error.ts';
import type { Connection } from './connection.ts';
import { executeCommand } from './execute-command.ts';
import { answerHello, answerReauthenticate } from './hello.ts';
import { dataFault, readFrame, readMessage } from './read-frame.ts';
import type { SocketGateway } from './socket-gateway.ts';

/**
 * Takes one WebSocket message apart and starts what its frames ask for, in their order. A fault of one frame is
 * answered on that frame; only what breaks the protocol itself (a binary message, no hello first) ends the
 * connection.
 */
export function receive(gateway: SocketGateway, connection: Connection, data: Buffer, isBinary: boolean) {
  if (connection.phase === 'closed') return;
  if (isBinary) return gateway.end(connection, 'protocolViolation');
  const message = readMessage(data.toString());
  if (message.kind === 'unreadable') {
    // Counted like a frame, so that garbage is bounded too.
    const waitMs = connection.takeFrame(gateway.options.runtime.clock.monotonicMs());
    const error =
      waitMs > 0 ? wireError('rate-limited', undefined, waitMs) : wireError('bad-request', message.message);
    return gateway.rejected(connection, null, error);
  }
  for (const frame of message.frames) receiveFrame(gateway, connection, frame);
}

function receiveFrame(gateway: SocketGateway, connection: Connection, value: unknown) {
  const read = readFrame(value);
  const id = read.kind === 'frame' ? read.frame.id : read.id;
  const waitMs = connection.takeFrame(gateway.options.runtime.clock.monotonicMs());
  if (waitMs > 0) return gateway.rejected(connection, id, wireError('rate-limited', undefined, waitMs));
  if (read.kind === 'malformed') {
    return gateway.rejected(connection, id, wireError('bad-request', read.message));
  }
  const { frame } = read;
  if (connection.phase === 'awaiting-hello' && frame.type !== 'hello') {
    gateway.rejected(connection, frame.id, wireError('unauthenticated', 'The first frame is a hello.'));
    return gateway.end(connection, 'protocolViolation');
  }
  if (isControlType(frame.type)) return receiveControl(gateway, connection, frame, frame.type);
  if (!isRequestType(frame.type)) return gateway.rejected(connection, frame.id, wireError('unknown-type'));
  if (connection.phase !== 'open') {
    const error = wireError('unauthenticated', 'The hello has not been answered yet.');
    return gateway.rejected(connection, frame.id, error);
  }
  if (connection.commandsInFlight >= limits.gateway.commandsInFlightPerConnectionMax) {
    const error = wireError('busy', undefined, limits.gateway.busyRetryAfterMs);
    return gateway.rejected(connection, frame.id, error);
  }
  executeCommand(gateway, connection, frame, frame.type);
}

function receiveControl(
  gateway: SocketGateway,
  connection: Connection,
  frame: RawClientFrame,
  type: ControlType,
) {
  const fault = dataFault(type, frame.data);
  if (fault !== undefined) {
    gateway.rejected(connection, frame.id, wireError('bad-request', fault));
    if (type === 'hello' && connection.phase === 'awaiting-hello')
      gateway.end(connection, 'protocolViolation');
    return;
  }
  switch (type) {
    case 'hello':
      return answerHello(gateway, connection, frame);
    case 'reauthenticate':
      return answerReauthenticate(gateway, connection, frame);
    case 'ping':
      return gateway.accepted(connection, frame.id, {
        serverTimeMs: gateway.options.runtime.clock.nowMs(),
      });
  }
}

function isControlType(type: string): type is ControlType {
  return Object.hasOwn(controlSchemas, type);
}
