/** A field of data that may be of any shape: what others wrote into the log is shown, too. */
export function fieldOf(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null && name in data
    ? (data as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
