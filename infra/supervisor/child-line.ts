/**
 * What a child says on stdout, one JSON object per line:
 *
 * - `{"listening": "http://127.0.0.1:8080"}` once, when it serves. Further string members are kept.
 * - `{"failed": "Port 8080 is taken. ..."}` instead, a sentence for the operator, before it exits.
 *
 * Anything else on stdout is passed to the log.
 */
export type ChildLine =
  | Listening
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'other'; readonly text: string };

export interface Listening {
  readonly kind: 'listening';
  readonly listening: string;
  readonly details: Readonly<Record<string, string>>;
}

export function parseChildLine(text: string): ChildLine {
  const value = parseObject(text);
  if (typeof value?.listening === 'string') {
    const { listening, ...others } = value;
    const details = Object.fromEntries(
      Object.entries(others).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
    return { kind: 'listening', listening, details };
  }
  if (typeof value?.failed === 'string') return { kind: 'failed', sentence: value.failed };
  return { kind: 'other', text };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
