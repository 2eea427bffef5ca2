import { accountsProjection } from './accounts-projection.ts';
import { commandsProjection } from './commands-projection.ts';
import { cursorsProjection } from './cursors-projection.ts';
import { expiryProjection } from './expiry-projection.ts';
import { friendsProjection } from './friends-projection.ts';
import { groupsProjection } from './groups-projection.ts';
import { messagesProjection } from './messages-projection.ts';
import { packetsProjection } from './packets-projection.ts';
import type { Projection } from './projection.ts';
import { recordsProjection } from './records-projection.ts';
import { walletProjection } from './wallet-projection.ts';

/** Every read model that the system keeps. */
export const allProjections: readonly Projection[] = [
  accountsProjection,
  friendsProjection,
  groupsProjection,
  messagesProjection,
  cursorsProjection,
  walletProjection,
  packetsProjection,
  expiryProjection,
  recordsProjection,
  commandsProjection,
];

/** The projection of that name, if there is one. */
export function projectionNamed(name: string): Projection | undefined {
  return allProjections.find((projection) => projection.name === name);
}
