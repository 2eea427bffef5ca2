/** States for people. Each line is a label and what stands there; sealed text is named and not shown. */
import { formatYuan } from '../../domain/money.ts';
import type { Sealed } from '../../domain/sealed.ts';
import { sealedText } from '../event-lines.ts';
import { count } from '../progress.ts';
import type { AccountView } from './account-at.ts';
import type { GroupView } from './group-at.ts';
import type { PacketView } from './packet-at.ts';
import { type WalletView, walletEntryKinds } from './wallet-at.ts';

export type Line = readonly [label: string, text: string];

const time = (timeMs: number | null): string => (timeMs === null ? 'never' : new Date(timeMs).toISOString());
const text = (sealed: Sealed | null): string => (sealed === null ? 'none' : sealedText(sealed));
const yuan = (amountFen: number): string => `${formatYuan(amountFen)} yuan`;

export function accountLines(account: AccountView): readonly Line[] {
  const { status, changed, registeredAtMs, username, nickname, devices } = account;
  const { passwordChangedAtMs, paymentPinSetAtMs } = account;
  const because = changed?.reason == null ? '' : `: ${changed.reason}`;
  return [
    ['status', changed === null ? status : `${status} since ${time(changed.atMs)}${because}`],
    ['registered', time(registeredAtMs)],
    ['username', text(username)],
    ['nickname', text(nickname)],
    ['password', passwordChangedAtMs === null ? 'never changed' : `changed ${time(passwordChangedAtMs)}`],
    ['payment PIN', paymentPinSetAtMs === null ? 'none' : `set ${time(paymentPinSetAtMs)}`],
    ['devices', String(devices.length)],
    ...devices.map(({ deviceId, name, addedAtMs }): Line => {
      return ['', `${deviceId}  ${text(name)}  added ${time(addedAtMs)}`];
    }),
  ];
}

const entryLabels: Readonly<Record<(typeof walletEntryKinds)[number], string>> = {
  FundsDeposited: '+ deposits',
  FundsWithdrawn: '- withdrawals',
  PacketFunded: '- packets',
  GrabCredited: '+ shares',
  RefundCredited: '+ refunds',
};

export function walletLines({ opened, balanceFen, ownerStatus, entries }: WalletView): readonly Line[] {
  const column = (amountFen: number): string => yuan(amountFen).padStart(21);
  return [
    ['opened', opened ? 'yes' : 'no'],
    ['owner', ownerStatus === 'none' ? 'no account' : `account ${ownerStatus}`],
    ...walletEntryKinds.map((kind): Line => {
      const { count: number, totalFen } = entries[kind];
      return [entryLabels[kind], `${column(totalFen)}  in ${count(number)}`];
    }),
    ['= balance', column(balanceFen)],
  ];
}

export function packetLines(packet: PacketView): readonly Line[] {
  const { status, terms, sentAtMs, remainingFen, grabs, luckiest, end } = packet;
  if (terms === null) return [['status', status]];
  return [
    ['status', status],
    ['sent', `${time(sentAtMs)} by ${terms.senderId} into ${terms.conversationId}`],
    ['terms', `${terms.kind}, ${yuan(terms.totalFen)} in ${terms.count} shares`],
    ...(terms.receivers.length === 0 ? [] : [['receivers', terms.receivers.join(' ')] as const]),
    ['greeting', text(terms.greeting)],
    ['commitment', terms.fairness.commitment],
    ['expires', time(terms.expiresAtSecond * 1000)],
    ['taken', `${grabs.length} of ${terms.count} shares`],
    ...grabs.map(({ shareIndex, userId, amountFen, atMs }): Line => {
      const best = userId === luckiest ? '  luckiest' : '';
      return ['', `${shareIndex + 1}  ${time(atMs)}  ${userId}  ${yuan(amountFen)}${best}`];
    }),
    ['remaining', yuan(remainingFen)],
    ...(end === null ? [['seed', 'secret while the packet is open'] as const] : endLines(end)),
  ];
}

function endLines({ atMs, returnedFen, reason, seed }: NonNullable<PacketView['end']>): readonly Line[] {
  const returned = returnedFen === 0 ? '' : `, ${yuan(returnedFen)} returned`;
  return [
    ['ended', `${time(atMs)}${returned}${reason === null ? '' : `: ${reason}`}`],
    ['seed', seed],
  ];
}

export function groupLines(group: GroupView): readonly Line[] {
  const { status, name, announcement, joinPolicy, createdAtMs, dissolved, members } = group;
  return [
    ['status', dissolved === null ? status : `${status} ${time(dissolved.atMs)} by ${dissolved.by}`],
    ['name', text(name)],
    ['notice', text(announcement)],
    ['joining', joinPolicy],
    ['created', time(createdAtMs)],
    ['members', count(members.length)],
    ...members.map(({ userId, role, mutedUntilMs }): Line => {
      const muted = mutedUntilMs === null ? '' : `  muted until ${time(mutedUntilMs)}`;
      return ['', `${userId}  ${role}${muted}`];
    }),
  ];
}
