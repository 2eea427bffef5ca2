import { faultRejection } from './fault-rejection.ts';
import { friendHandlers } from './handlers/friends.ts';
import { grabHandlers } from './handlers/grabs.ts';
import { groupHandlers } from './handlers/groups.ts';
import type { Handlers } from './handlers/handler.ts';
import { messageHandlers } from './handlers/messages.ts';
import { moneyHandlers } from './handlers/money.ts';
import { packetHandlers } from './handlers/packets.ts';
import { profileHandlers } from './handlers/profile.ts';
import { rejected } from './outcomes.ts';
import type { CommandService, Outcome } from './requests.ts';
import type { WriteScope } from './write-scope.ts';

/** Serves every request that users can make. Its promises never reject. */
export function createCommandService(scope: WriteScope): CommandService {
  const handlers: Handlers = {
    ...profileHandlers(scope),
    ...friendHandlers(scope),
    ...groupHandlers(scope),
    ...messageHandlers(scope),
    ...moneyHandlers(scope),
    ...packetHandlers(scope),
    ...grabHandlers(scope),
  };
  return {
    async execute(type, request, context) {
      try {
        const refusal = await scope.preconditions.actor(context.userId, context.deviceId);
        if (refusal !== undefined) return rejected(refusal);
        return await handlers[type](request, context);
      } catch (error) {
        return faultOutcome(error, (fault) => {
          const { userId, commandId, correlationId } = context;
          scope.logger.error({ err: fault, type, userId, commandId, correlationId }, 'a request failed');
        });
      }
    },
  };
}

/**
 * What a user is told when a request could not even be decided. It says that nothing has taken effect, so whatever
 * has begun to change things answers `unknown` instead of coming here.
 */
export function faultOutcome(error: unknown, log: (fault: unknown) => void): Outcome<never> {
  const rejection = faultRejection(error);
  // What passes by itself the health check tells of.
  if (rejection.code !== 'unavailable') log(error);
  return rejected(rejection);
}
