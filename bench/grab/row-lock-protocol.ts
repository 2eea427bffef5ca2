import type { GrabAnswer } from './grab-system.ts';

/** What the peer's clients ask for. `id` comes back with the answer. */
export type RowLockRequest =
  | { readonly id: number; readonly type: 'hello'; readonly user: number }
  | { readonly id: number; readonly type: 'send'; readonly totalFen: number; readonly shares: number }
  | { readonly id: number; readonly type: 'grab'; readonly packetId: string };

export type RowLockReply =
  | { readonly id: number; readonly ok: true; readonly packetId: string }
  | { readonly id: number; readonly ok: true; readonly answer: GrabAnswer }
  | { readonly id: number; readonly ok: true }
  | { readonly id: number; readonly ok: false; readonly error: string };
