/** A bus message on its way between a supervisor and its children: as `bus-codec.ts` makes it. */
export interface BusLine {
  readonly bus: string;
}

/** The bus message in what came over a child's channel; `undefined` when it is something else. */
export function asBusLine(message: unknown): BusLine | undefined {
  if (typeof message !== 'object' || message === null || !('bus' in message)) return undefined;
  return typeof message.bus === 'string' ? { bus: message.bus } : undefined;
}
