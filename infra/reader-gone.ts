/**
 * Whether writing failed because nobody reads any more: the pipe's reader has ended (EPIPE), the terminal was
 * closed (EIO).
 */
export function isReaderGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'EIO';
}
