import { type Logger, pino } from 'pino';
import { note } from '../output.ts';

/**
 * A logger that tells whoever follows the log when the event store has gone, once for each time: the subscription
 * goes on by itself, and until then silence would look like a quiet log.
 */
export function troubleNotes(): Logger {
  return pino({ level: 'warn' }, { write: (line) => noteFirstFailure(JSON.parse(line)) });
}

function noteFirstFailure({ failures, msg }: { readonly failures?: number; readonly msg?: string }): void {
  if (failures === 1) note(`hongbao: ${msg}`);
}
