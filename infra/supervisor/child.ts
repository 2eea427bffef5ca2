import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { limits } from '../../src/config/limits.ts';
import { OperatorError } from '../../src/config/operator-error.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { BusLine } from './bus-line.ts';
import { type Listening, parseChildLine } from './child-line.ts';

/** A Node program to run as a child. What it has to do is in `child-line.ts` and `startChild`. */
export interface ChildCommand {
  readonly name: string;
  /** A .ts or .js file, run by the Node that runs us. */
  readonly file: string;
  readonly args: readonly string[];
  /** Added to our own environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly nodeOptions?: readonly string[];
}

export interface ChildOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Where the child's stderr, its log, goes: our own, a file descriptor, or nowhere. */
  readonly stderr: 'inherit' | 'ignore' | number;
  readonly readyMs?: number;
  /** What it sends over its channel. */
  readonly onMessage?: (message: unknown) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the child's ready line; rejects with `ChildFailed` when it will not come. */
  readonly ready: Promise<Listening>;
  /** Resolves when the process is gone, with how: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when the process is gone. Calling again shortens the grace. */
  stop(graceMs: number): Promise<void>;
  /** Sends it a message over its channel; false when that cannot be done now. */
  send(message: BusLine): boolean;
}

/** A child that could not be started. The message is a sentence for the operator. */
export class ChildFailed extends OperatorError {
  override readonly name = 'ChildFailed';
  /** The sentence is the child's own, not ours about it. */
  readonly explained: boolean;

  constructor(sentence: string, explained = false) {
    super(sentence);
    this.explained = explained;
  }
}

/**
 * Starts a child that lives no longer than we do: it holds an IPC channel to us and has to end when that
 * closes, which it does even when we are killed with -9. It has its own process group, so that a Ctrl-C in the
 * terminal reaches us only and we stop the children in order.
 */
export function startChild(command: ChildCommand, options: ChildOptions): Child {
  const { runtime, logger } = options;
  const spawned = spawn(process.execPath, [...(command.nodeOptions ?? []), command.file, ...command.args], {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', options.stderr, 'ipc'],
    detached: true,
    // What goes over the channel are long strings (supervisor-bus.ts): as they are, not as JSON of JSON.
    serialization: 'advanced',
  });
  if (options.onMessage) spawned.on('message', options.onMessage);
  const ended = whenEnded(spawned);
  const ready = whenReady(spawned, ended, command.name, options);
  // A caller that only awaits `ended` must not bring the process down with an unhandled rejection.
  ready.catch(() => undefined);
  ready.then(
    (line) =>
      logger.debug(
        { child: command.name, pid: spawned.pid, listening: redact(line.listening) },
        'child is ready',
      ),
    () => undefined,
  );

  let killAtMs = Number.POSITIVE_INFINITY;
  const stop = async (graceMs: number): Promise<void> => {
    const deadlineMs = runtime.clock.monotonicMs() + graceMs;
    if (killAtMs === Number.POSITIVE_INFINITY) spawned.kill('SIGTERM');
    if (deadlineMs >= killAtMs) return void (await ended);
    killAtMs = deadlineMs;
    const kill = runtime.timers.after(graceMs, () => {
      logger.warn({ child: command.name, graceMs }, 'killing a child that does not stop');
      spawned.kill('SIGKILL');
    });
    await ended;
    kill.cancel();
  };
  let messagesWaiting = 0;
  const send = (message: BusLine): boolean => {
    if (!spawned.connected || messagesWaiting >= limits.bus.queuedMessagesMax) return false;
    messagesWaiting += 1;
    spawned.send(message, () => {
      messagesWaiting -= 1;
    });
    return true;
  };
  return { name: command.name, pid: spawned.pid ?? -1, ready, ended, stop, send };
}

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.on('error', (error) => {
      // Spawning failed. Errors of a running process (a signal, a message that could not be sent) don't end it.
      if (child.pid === undefined) resolve(error.message);
    });
  });
}

function whenReady(
  child: ChildProcess,
  ended: Promise<string>,
  name: string,
  { runtime, logger, readyMs = limits.supervisor.childReadyMs }: ChildOptions,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const deadline = runtime.timers.after(readyMs, () => {
      reject(new ChildFailed(`${name} was not ready within ${readyMs / 1000} s.`));
    });
    const allLinesRead = readLines(child.stdout, (text) => {
      const line = parseChildLine(text);
      if (line.kind === 'other') return logger.info({ child: name }, line.text);
      deadline.cancel();
      if (line.kind === 'listening') resolve(line);
      else reject(new ChildFailed(line.sentence, true));
    });
    // Its last words may still be in the pipe when it is gone.
    void Promise.all([ended, allLinesRead]).then(([how]) => {
      deadline.cancel();
      reject(new ChildFailed(`${name} ended before it was ready (${how}).`));
    });
  });
}

/** Calls `onLine` per line; a longer line than the limit is cut into pieces. Resolves at the end of the stream. */
function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null) return resolve();
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => onLine(line.slice(0, limits.supervisor.stdoutLineCharsMax)));
    lines.once('close', resolve);
  });
}

/** A URL without its password, for the log. */
function redact(url: string): string {
  return url.replace(/:\/\/([^:@/]+):[^@/]*@/, '://$1:***@');
}
