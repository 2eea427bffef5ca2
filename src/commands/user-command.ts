import type { Rejection } from '../domain/decider.ts';
import type { Keyring } from '../vault/keyring.ts';
import { bodyHashOf, canonicalJson } from './canonical-json.ts';
import type { CommandEnvelope } from './command-envelope.ts';
import { derivedIds } from './derived-ids.ts';
import type { RequestContext, RequestOf, RequestType } from './requests.ts';

/** How a request becomes a command: its identity, and what its body is recognised by. */
export interface UserCommandOptions {
  readonly bodyHash: string;
  /** Default: derived from the user and the client's command id. */
  readonly commandId?: string;
  readonly refusal?: Rejection | undefined;
}

/** The envelope of a command that a user asked for. */
export function userCommand<Command>(
  context: RequestContext,
  command: Command,
  { bodyHash, commandId, refusal }: UserCommandOptions,
): CommandEnvelope<Command> {
  return {
    command,
    commandId: commandId ?? derivedIds.userCommand(context.userId, context.commandId),
    bodyHash,
    actor: context.userId,
    correlationId: context.correlationId,
    causationId: context.commandId,
    retry: context.retry,
    refusal,
  };
}

/** What a request without personal text is recognised by. */
export function openBody<Type extends RequestType>(type: Type, request: RequestOf<Type>): UserCommandOptions {
  return { bodyHash: bodyHashOf({ type, request }) };
}

/** What a request with personal text is recognised by: nothing of it can be guessed once the user is forgotten. */
export async function personalBody<Type extends RequestType>(
  keyring: Keyring,
  context: RequestContext,
  type: Type,
  request: RequestOf<Type>,
): Promise<UserCommandOptions> {
  return { bodyHash: await keyring.fingerprint(context.userId, canonicalJson({ type, request })) };
}
