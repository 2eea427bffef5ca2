import { limits } from '../../config/limits.ts';
import type { ControlType, RawClientFrame } from '../../protocol/frames.ts';
import { controlSchemas } from '../../protocol/frames.ts';
import { isRequestType } from '../../protocol/requests.ts';
import { wireError } from '../wire-error.ts';
import type { Connection } from './connection.ts';
import { executeCommand } from './execute-command.ts';
import { answerHello, answerReauthenticate } from './hello.ts';
import { dataFault, type FaultOptions, idOf, readFrame, readMessage } from './read-frame.ts';
import type { SocketGateway } from './socket-gateway.ts';

/**
 * Takes one WebSocket message apart and starts what its frames ask for, in their order. A fault of one frame is
 * answered on that frame; only what breaks the protocol itself (a binary message, anything but a hello first, far
 * too much for too long) ends the connection.
 *
 * The message is paid for from the allowance before it is read, by its size; frames beyond that are paid for one
 * by one. What is not paid for is read for its ids alone.
 */
export function receive(gateway: SocketGateway, connection: Connection, data: Buffer, isBinary: boolean) {
  if (connection.phase === 'closed') return;
  if (isBinary) return gateway.end(connection, 'protocolViolation');
  const nowMs = gateway.options.runtime.clock.monotonicMs();
  let paidFrames = Math.max(1, Math.ceil(data.length / limits.gateway.bytesPerFrame));
  const waitMs = connection.takeFrames(paidFrames, nowMs);
  if (connection.isOverrun) return gateway.end(connection, 'tooFast');
  const message = readMessage(data.toString());
  if (message.kind === 'unreadable') {
    if (waitMs > 0) return refuse(gateway, connection, null, waitMs);
    return malformed(gateway, connection, null, message.message);
  }
  const faults = { describe: data.length <= limits.gateway.describedBytesMax };
  for (const frame of message.frames) {
    if (isOver(connection)) return;
    let frameWaitMs = waitMs;
    if (paidFrames > 0) paidFrames -= 1;
    else if (waitMs === 0) frameWaitMs = connection.takeFrames(1, nowMs);
    if (frameWaitMs > 0) refuse(gateway, connection, idOf(frame), frameWaitMs);
    else receiveFrame(gateway, connection, frame, faults);
  }
  if (connection.isOverrun) gateway.end(connection, 'tooFast');
}

function refuse(gateway: SocketGateway, connection: Connection, id: number | null, waitMs: number) {
  gateway.rejected(connection, id, wireError('rate-limited', undefined, waitMs));
}

/** Before the hello there is nobody to be patient with. */
function malformed(gateway: SocketGateway, connection: Connection, id: number | null, message: string) {
  gateway.rejected(connection, id, wireError('bad-request', message));
  if (connection.phase === 'awaiting-hello') gateway.end(connection, 'protocolViolation');
}

/** Asked again for every frame: the one before may have ended it. */
function isOver(connection: Connection): boolean {
  return connection.phase === 'closed';
}

function receiveFrame(gateway: SocketGateway, connection: Connection, value: unknown, faults: FaultOptions) {
  const read = readFrame(value, faults);
  if (read.kind === 'malformed') return malformed(gateway, connection, read.id, read.message);
  const { frame } = read;
  if (connection.phase === 'awaiting-hello' && frame.type !== 'hello') {
    gateway.rejected(connection, frame.id, wireError('unauthenticated', 'The first frame is a hello.'));
    return gateway.end(connection, 'protocolViolation');
  }
  if (isControlType(frame.type)) return receiveControl(gateway, connection, frame, frame.type, faults);
  if (!isRequestType(frame.type)) return gateway.rejected(connection, frame.id, wireError('unknown-type'));
  if (connection.phase !== 'open') {
    const error = wireError('unauthenticated', 'The hello has not been answered yet.');
    return gateway.rejected(connection, frame.id, error);
  }
  if (connection.commandsInFlight >= limits.gateway.commandsInFlightPerConnectionMax) {
    const error = wireError('busy', undefined, limits.gateway.busyRetryAfterMs);
    return gateway.rejected(connection, frame.id, error);
  }
  executeCommand(gateway, connection, frame, frame.type, faults);
}

function receiveControl(
  gateway: SocketGateway,
  connection: Connection,
  frame: RawClientFrame,
  type: ControlType,
  faults: FaultOptions,
) {
  const fault = dataFault(type, frame.data, faults);
  if (fault !== undefined) return malformed(gateway, connection, frame.id, fault);
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
