import { type Client, ClientError, type ClientErrorCode } from '../../../src/client/index.ts';
import type { UserView } from '../../../src/protocol/views/user-views.ts';

export type StillSignedIn =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'user'; readonly user: UserView }
  /** Somebody is, and the server cannot say now who. */
  | { readonly kind: 'unknown'; readonly code: ClientErrorCode };

/** Continues the stored session of a client, if there is one and the server still takes it. */
export async function stillSignedIn(client: Pick<Client, 'resume' | 'me'>): Promise<StillSignedIn> {
  if (!client.resume()) return { kind: 'nobody' };
  try {
    return { kind: 'user', user: (await client.me()).user };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error.temporary ? { kind: 'unknown', code: error.code } : { kind: 'nobody' };
  }
}
