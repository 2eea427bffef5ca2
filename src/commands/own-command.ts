import type { UserId } from '../domain/ids.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bodyHashOf } from './canonical-json.ts';
import type { CommandEnvelope } from './command-envelope.ts';

/** A command of a user that no client gave an id: it is told apart by what it is about. */
export function ownCommand<Command>(
  { ids }: Pick<Runtime, 'ids'>,
  userId: UserId,
  command: Command,
  body: unknown,
): CommandEnvelope<Command> {
  const commandId = ids.next();
  return {
    command,
    commandId,
    bodyHash: bodyHashOf(body),
    actor: userId,
    correlationId: commandId,
    causationId: commandId,
  };
}
