/**
 * One timer for the deadlines of every connection: a hashed wheel (Varghese and Lauck 1987). Each node stands in
 * the slot of its due tick, in a doubly linked list whose links are the node's own fields, so that a deadline
 * costs no allocation, no closure and no timer.
 *
 * Deadlines are late by at most a tick, never early.
 */
export interface WheelNode {
  wheelNext: WheelNode | undefined;
  wheelPrevious: WheelNode | undefined;
  /** The tick at which it is due; -1 while it stands in no slot. */
  wheelTick: number;
}

export class TimerWheel<Node extends WheelNode> {
  readonly #tickMs: number;
  readonly #onDue: (node: Node, nowMs: number) => void;
  readonly #heads: (Node | undefined)[];
  #tick: number;

  constructor(options: {
    readonly tickMs: number;
    readonly slots: number;
    readonly nowMs: number;
    readonly onDue: (node: Node, nowMs: number) => void;
  }) {
    this.#tickMs = options.tickMs;
    this.#onDue = options.onDue;
    this.#heads = new Array<Node | undefined>(options.slots).fill(undefined);
    this.#tick = Math.floor(options.nowMs / options.tickMs);
  }

  /** Sets the node's one deadline, in place of any that it had. */
  schedule(node: Node, dueMs: number): void {
    this.cancel(node);
    // A tick that is over already, or is being worked off, never comes round again.
    const tick = Math.max(Math.ceil(dueMs / this.#tickMs), this.#tick + 1);
    const slot = tick % this.#heads.length;
    const head = this.#heads[slot];
    node.wheelTick = tick;
    node.wheelPrevious = undefined;
    node.wheelNext = head;
    if (head !== undefined) head.wheelPrevious = node;
    this.#heads[slot] = node;
  }

  cancel(node: Node): void {
    if (node.wheelTick < 0) return;
    const slot = node.wheelTick % this.#heads.length;
    if (node.wheelPrevious !== undefined) node.wheelPrevious.wheelNext = node.wheelNext;
    else this.#heads[slot] = node.wheelNext as Node | undefined;
    if (node.wheelNext !== undefined) node.wheelNext.wheelPrevious = node.wheelPrevious;
    node.wheelNext = undefined;
    node.wheelPrevious = undefined;
    node.wheelTick = -1;
  }

  /** Calls `onDue` for every node whose tick is over. A node may be scheduled again in there. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.#tickMs);
    // After a pause longer than a revolution, one revolution visits every slot.
    const first = Math.max(this.#tick + 1, target - this.#heads.length + 1);
    // Set before: what is scheduled again in a callback stands beyond what is being worked off.
    this.#tick = Math.max(this.#tick, target);
    for (let tick = first; tick <= target; tick++) {
      this.#workOff(tick % this.#heads.length, target, nowMs);
    }
  }

  #workOff(slot: number, target: number, nowMs: number): void {
    const due: Node[] = [];
    for (let node = this.#heads[slot]; node !== undefined; node = node.wheelNext as Node | undefined) {
      if (node.wheelTick <= target) due.push(node);
    }
    for (const node of due) this.cancel(node);
    for (const node of due) this.#onDue(node, nowMs);
  }
}
