/** gRPC's status codes that this node uses. Source: https://grpc.io/docs/guides/status-codes/. */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export type GrpcStatus = (typeof grpcStatus)[keyof typeof grpcStatus];

/** Ends the call it is thrown in with this status, and nothing else. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly status: GrpcStatus;
  /** Further trailers; the published client reads its error type from the one named `exception`. */
  readonly trailers: Readonly<Record<string, string>>;

  constructor(status: GrpcStatus, message: string, trailers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.trailers = trailers;
  }
}

export const invalidArgument = (message: string): GrpcError =>
  new GrpcError(grpcStatus.invalidArgument, message);

/** The caller may not do this. */
export const accessDenied = (): GrpcError =>
  new GrpcError(grpcStatus.permissionDenied, 'access denied', { exception: 'access-denied' });

/** The caller's credentials are wrong, or none that the node understands. Not said which. */
export const unauthenticated = (): GrpcError =>
  new GrpcError(grpcStatus.unauthenticated, 'the credentials are not right');

/** What a call answers about a stream that was ended for good, in the form that the published clients understand. */
export const streamDeleted = (stream: string): GrpcError =>
  new GrpcError(grpcStatus.failedPrecondition, `the stream ${stream} is deleted`, {
    exception: 'stream-deleted',
    'stream-name': headerText(stream),
  });

/**
 * Text as the header `grpc-message` has it: what is not printable ASCII is percent-encoded, and the percent sign.
 * Everything else stays, so that people can read it where a client does not decode it.
 */
export const grpcMessage = (text: string): string =>
  text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);

/** Text as a header can hold it: other than printable ASCII is percent-encoded, half a character as U+FFFD. */
export const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
