import { Compile } from 'typebox/compile';
import { limits } from '../../config/limits.ts';
import { controlSchemas, type RawClientFrame } from '../../protocol/frames.ts';
import { protocolVersionsServed } from '../../protocol/version.ts';
import { wireError } from '../wire-error.ts';
import type { Connection } from './connection.ts';
import { missedItems } from './missed-items.ts';
import type { SocketGateway } from './socket-gateway.ts';

const helloValidator = Compile(controlSchemas.hello.takes);
const reauthenticateValidator = Compile(controlSchemas.reauthenticate.takes);

/**
 * Answers a hello: token, subscription, reply, then what the client missed. It subscribes before it reads what
 * was missed, so that nothing falls between the two, and holds live pushes back until the missed are out.
 */
export function answerHello(gateway: SocketGateway, connection: Connection, frame: RawClientFrame) {
  if (connection.phase !== 'awaiting-hello') {
    return gateway.rejected(connection, frame.id, wireError('bad-request', 'There was a hello already.'));
  }
  connection.phase = 'greeting';
  greet(gateway, connection, frame).catch((error: unknown) => {
    gateway.options.logger.error({ err: error }, 'a hello failed');
    gateway.rejected(connection, frame.id, wireError('unavailable'));
    gateway.end(connection, 'internal');
  });
}

async function greet(gateway: SocketGateway, connection: Connection, frame: RawClientFrame) {
  const { tokens, hub, directory, reads, open, runtime } = gateway.options;
  const { protocol, token, cursors } = helloValidator.Parse(frame.data);
  if (!protocolVersionsServed.includes(protocol)) {
    const served = protocolVersionsServed.join(', ');
    gateway.rejected(connection, frame.id, wireError('bad-request', `Protocol versions served: ${served}.`));
    return gateway.end(connection, 'versionNotServed');
  }
  const claims = await tokens.verifyAccess(token);
  if (isGone(connection)) return;
  if (claims === undefined) {
    gateway.rejected(connection, frame.id, wireError('unauthenticated'));
    return gateway.end(connection, 'tokenRejected');
  }
  if (!hub.hasRoomFor(claims.userId)) {
    gateway.rejected(connection, frame.id, wireError('busy', undefined, limits.gateway.busyRetryAfterMs));
    return gateway.end(connection, 'tooManyConnections');
  }
  connection.userId = claims.userId;
  connection.deviceId = claims.deviceId;
  connection.tokenExpiresAtMs = claims.expiresAtMs;
  connection.outbox.hold();
  const [, [account], user] = await Promise.all([
    hub.join(connection, claims.userId),
    reads.accounts([claims.userId]),
    directory.viewOfNew(claims.userId),
  ]);
  if (isGone(connection)) return hub.leave(connection);
  if (account?.closed || account?.frozen) {
    const code = account.closed ? 'account-closed' : 'account-frozen';
    gateway.rejected(connection, frame.id, wireError(code));
    return gateway.end(connection, 'sessionRevoked');
  }
  connection.phase = 'open';
  gateway.accepted(connection, frame.id, {
    protocol,
    user,
    deviceId: claims.deviceId,
    heartbeatMs: limits.gateway.heartbeatMs,
    serverTimeMs: runtime.clock.nowMs(),
    tokenExpiresAtMs: claims.expiresAtMs,
  });
  gateway.reschedule(connection);
  gateway.releaseHeld(connection, await missedItems(claims.userId, cursors, reads, open));
}

/** Puts a fresh token in the place of the one that will expire. */
export function answerReauthenticate(gateway: SocketGateway, connection: Connection, frame: RawClientFrame) {
  const { token } = reauthenticateValidator.Parse(frame.data);
  gateway.options.tokens.verifyAccess(token).then(
    (claims) => {
      if (claims?.userId !== connection.userId || claims?.deviceId !== connection.deviceId) {
        // The old token still stands: the connection lives until that expires.
        return gateway.rejected(connection, frame.id, wireError('unauthenticated'));
      }
      if (claims === undefined || isGone(connection)) return;
      connection.tokenExpiresAtMs = claims.expiresAtMs;
      gateway.reschedule(connection);
      gateway.accepted(connection, frame.id, { tokenExpiresAtMs: claims.expiresAtMs });
    },
    (error: unknown) => {
      gateway.options.logger.error({ err: error }, 'a token could not be checked');
      gateway.rejected(connection, frame.id, wireError('unavailable'));
    },
  );
}

/** Asked again after every wait: the phase changes meanwhile. */
function isGone(connection: Connection): boolean {
  return connection.phase === 'closed';
}
