import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Memory {
  /** VmRSS of /proc/PID/status: file-backed pages included. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Outside V8's heap and known to it: buffers, parts of sockets. */
  readonly externalBytes: number;
}

/** Looks into the memory of one program that was started with `env`. */
export interface MemoryProbe {
  readonly env: Readonly<Record<string, string>>;
  /** Of the process after a garbage collection. */
  memory(): Promise<Memory>;
  /** Writes a heap snapshot, for Chrome's developer tools. */
  snapshot(file: string): Promise<void>;
}

const preload = fileURLToPath(new URL('./memory-probe-preload.ts', import.meta.url));

/** A probe for the program of this file name; its socket goes into `folder`. Linux only. */
export function memoryProbe(folder: string, program: string): MemoryProbe {
  const socket = join(folder, `${program}.sock`);
  return {
    env: {
      NODE_OPTIONS: `--expose-gc --import ${preload}`,
      BENCH_PROBE_SOCKET: socket,
      BENCH_PROBE_PROGRAM: program,
    },
    async memory() {
      const { pid, heapUsed, heapTotal, external } = JSON.parse(await ask(socket, 'memory')) as ProbeAnswer;
      return {
        rssBytes: rssBytesOf(pid),
        heapUsedBytes: heapUsed,
        heapTotalBytes: heapTotal,
        externalBytes: external,
      };
    },
    async snapshot(file) {
      await ask(socket, `snapshot ${file}`);
    },
  };
}

type ProbeAnswer = NodeJS.MemoryUsage & { readonly pid: number };

function rssBytesOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(kibibytes) * 1024;
}

function ask(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(text));
    socket.write(request);
  });
}
