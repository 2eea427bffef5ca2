import type { GrpcCall } from '../grpc/grpc-call.ts';
import { accessDenied } from '../grpc/grpc-status.ts';
import { type Caller, isAdministrator, isOperator, unchecked } from './caller.ts';

/** What a call does to a stream. For a metadata stream it is done to the metadata of the stream behind it. */
export type StreamAction = 'read' | 'write' | 'delete';

/** The log as a whole, where a stream's name is asked for: reading it is a right like reading a stream. */
export const ALL_STREAM = '$all';

/** Decides who is let in, and to what. */
export interface Access {
  /**
   * Who calls, by the `authorization` header. At once where that is known already.
   * Throws, or rejects with, `GrpcError`: credentials that are wrong are not the same as none.
   */
  identify(authorization: string | undefined): Caller | Promise<Caller>;
  mayUse(caller: Caller, stream: string, action: StreamAction): boolean;
  /**
   * For a call that lasts: tells `changed`, until the call is over, who its caller is now, whenever his user was
   * changed, the access lists of `stream` (undefined: of none), or the default ones. Undefined: he is nobody any
   * more, for his user was disabled or deleted.
   */
  follow(call: LastingCall, stream: string | undefined, changed: CallerChanged): void;
}

export type LastingCall = Pick<GrpcCall, 'caller' | 'signal' | 'fail'>;

export type CallerChanged = (caller: Caller | undefined) => void;

/** The access of a node that checks nothing, as EventStoreDB does with `--insecure`: any credentials pass. */
export const openAccess: Access = {
  identify: () => unchecked,
  mayUse: () => true,
  follow: () => {},
};

/** Throws `GrpcError` unless the caller may do this to the stream. Undefined: one who is nobody any more. */
export function requireStream(
  access: Access,
  caller: Caller | undefined,
  stream: string,
  action: StreamAction,
): void {
  if (caller === undefined || !access.mayUse(caller, stream, action)) throw accessDenied();
}

/** As `requireStream`, for a call that lasts: it ends as soon as its caller may no longer do this. */
export function requireStreamThroughout(
  access: Access,
  call: LastingCall,
  stream: string,
  action: StreamAction,
): void {
  requireStream(access, call.caller, stream, action);
  access.follow(call, stream, (caller) => {
    if (caller !== undefined && access.mayUse(caller, stream, action)) call.caller = caller;
    else call.fail(accessDenied());
  });
}

/** As `requireKnown`, for a call that lasts: it ends when its caller is disabled or deleted. */
export function requireKnownThroughout(access: Access, call: LastingCall): void {
  requireKnown(call.caller);
  access.follow(call, undefined, (caller) => {
    if (caller === undefined) call.fail(accessDenied());
  });
}

/** Throws `GrpcError` unless the caller may do everything. */
export function requireAdministrator(caller: Caller): void {
  if (!isAdministrator(caller)) throw accessDenied();
}

/** Throws `GrpcError` unless the caller may run the node. */
export function requireOperator(caller: Caller): void {
  if (!isOperator(caller)) throw accessDenied();
}

/** Throws `GrpcError` for one who has not logged in. */
export function requireKnown(caller: Caller): void {
  if (caller.login === undefined && !isAdministrator(caller)) throw accessDenied();
}
