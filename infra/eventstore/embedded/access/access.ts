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
}

/** The access of a node that checks nothing, as EventStoreDB does with `--insecure`: any credentials pass. */
export const openAccess: Access = { identify: () => unchecked, mayUse: () => true };

/** Throws `GrpcError` unless the caller may do this to the stream. */
export function requireStream(access: Access, caller: Caller, stream: string, action: StreamAction): void {
  if (!access.mayUse(caller, stream, action)) throw accessDenied();
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
