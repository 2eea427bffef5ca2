import type { Rejection } from '../domain/decider.ts';
import { rejection } from '../domain/decider.ts';
import type { RequestContext } from './requests.ts';
import type { WriteScope } from './write-scope.ts';

/**
 * Why this payment may not go on: the account has a payment PIN, and the request comes without a valid token of it
 * for this device. Throws `EventLogUnavailable`.
 */
export async function paymentRefusal(
  { preconditions, paymentTokens }: Pick<WriteScope, 'preconditions' | 'paymentTokens'>,
  { userId, deviceId }: Pick<RequestContext, 'userId' | 'deviceId'>,
  paymentToken: string | undefined,
): Promise<Rejection | undefined> {
  const claims = paymentToken === undefined ? undefined : await paymentTokens.verify(paymentToken);
  const isTheirs = claims?.userId === userId && claims.deviceId === deviceId;
  const missing = await preconditions.paymentPin(userId, isTheirs ? claims.pinNumber : undefined);
  if (missing === undefined || paymentToken === undefined) return missing;
  return rejection('pin-required', 'The payment token is not valid, or not any more: verify the PIN again.');
}
