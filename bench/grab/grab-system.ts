/** The packets of this bench: lucky ones. */
export interface PacketSize {
  readonly totalFen: number;
  readonly shares: number;
}

/** What a grab was answered with. */
export type GrabAnswer =
  | { readonly kind: 'won'; readonly amountFen: number; readonly shareIndex: number }
  | { readonly kind: 'refused'; readonly code: string };

/** What a system says of all its money once everything is over. */
export interface MoneyCheck {
  /** Shares beyond a packet's count, or second shares of one user in a packet. */
  readonly overGrabs: number;
  /** What came in less what is held somewhere, in fen. */
  readonly imbalanceFen: number;
  /** Further broken rules, in words. */
  readonly problems: readonly string[];
}

/** A system under measurement, with its users connected over real WebSockets. */
export interface GrabSystem {
  readonly users: number;
  /** Resolves with the packet's id when it is durable and may be grabbed. */
  sendPacket(size: PacketSize): Promise<string>;
  /** Resolves when the server's answer has arrived. */
  grab(user: number, packetId: string): Promise<GrabAnswer>;
  /** Looks at what is stored, not at what was answered. */
  checkMoney(): Promise<MoneyCheck>;
  close(): Promise<void>;
}
