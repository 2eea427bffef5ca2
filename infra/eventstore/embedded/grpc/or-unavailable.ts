import { StoreUnavailable } from '../storage/event-store.ts';
import { GrpcError, grpcStatus } from './grpc-status.ts';

/** What the store answers; when it is closed or the disk refuses, a call's UNAVAILABLE. */
export async function orUnavailable<Outcome>(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof StoreUnavailable) throw new GrpcError(grpcStatus.unavailable, error.message);
    throw error;
  }
}
