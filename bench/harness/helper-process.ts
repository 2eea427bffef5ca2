import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of a bench's own that talks with us over its IPC channel, and ends when that closes. */
export interface Helper {
  readonly process: ChildProcess;
  /** The next message. Rejects when the process ends first. */
  next<Message>(): Promise<Message>;
  end(): Promise<void>;
}

export function startHelper(
  file: URL,
  options: { readonly nodeOptions?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Helper {
  const child = fork(fileURLToPath(file), [], {
    execArgv: [...(options.nodeOptions ?? [])],
    env: { ...process.env, ...options.env },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    process: child,
    next: <Message>() =>
      new Promise<Message>((resolve, reject) => {
        const onMessage = (message: unknown): void => {
          child.off('exit', onExit);
          resolve(message as Message);
        };
        const onExit = (code: number | null): void => {
          child.off('message', onMessage);
          reject(new Error(`${file.pathname} ended with ${code}`));
        };
        child.once('message', onMessage);
        child.once('exit', onExit);
      }),
    end() {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}
