import { type DestinationStream, pino } from 'pino';
import { isReaderGone } from './reader-gone.ts';

/**
 * Writes a log to an open file descriptor. When its reader goes, what is left of the log is lost and the process
 * goes on: it has to stop in order, terminal or not.
 */
export function logDestination(descriptor: number): DestinationStream {
  const destination = pino.destination(descriptor);
  let readerGone = false;
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error)) throw error;
    readerGone = true;
  });
  return {
    write(line) {
      if (!readerGone) destination.write(line);
    },
  };
}
