/** Reads what strace recorded of the node: what it did to its data folder, in order, and what it sent. */

/** `start` and `end` are lines of the record: what ended before another began had happened before it. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export type Operation = Span &
  (
    | { readonly kind: 'create'; readonly path: string }
    | {
        readonly kind: 'write';
        readonly path: string;
        readonly offset: number;
        readonly bytes: Buffer;
        /** Through a descriptor with O_DSYNC: durable when the call is over. */
        readonly durable: boolean;
      }
    | { readonly kind: 'sync'; readonly path: string }
    | { readonly kind: 'rename'; readonly path: string; readonly to: string }
    | { readonly kind: 'unlink'; readonly path: string }
    | { readonly kind: 'sent'; readonly bytes: Buffer }
  );

/** What strace has to record, and how, for `readTrace`. */
export const straceOptions = [
  ...['--follow-forks', '--seccomp-bpf', '--decode-fds=path', '--strings-in-hex=all', '-s', '2000000'],
  '--trace=openat,lseek,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,sync_file_range,' +
    'msync,rename,renameat,renameat2,ftruncate,fallocate,unlink,unlinkat,mmap',
];

/** The operations on `folder`, and what went to sockets. Throws on a call that changes the folder in another way. */
export function readTrace(text: string, folder: string): Operation[] {
  const offsets = new Map<string, number>();
  const synchronous = new Set<string>();
  const known = new Set<string>();
  return calls(text).flatMap(({ name, args, result, start, end }): Operation[] => {
    const span = { start, end };
    // Failed, or cut off by the end of the process.
    if (!(result >= 0)) return [];
    const [file = '', other = ''] = Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex = '']) =>
      unhex(hex).toString(),
    );
    const [, fd = '', path = ''] = /^(\d+)<([^>]*)>/.exec(args) ?? [];
    const target = unhex(path).toString();
    const key = `${fd} ${target}`;
    const inFolder = target === folder || target.startsWith(`${folder}/`);
    switch (name) {
      case 'openat': {
        if (!file.startsWith(`${folder}/`)) return [];
        const opened = `${result} ${file}`;
        offsets.set(opened, 0);
        if (/O_DSYNC|O_SYNC/.test(args)) synchronous.add(opened);
        else synchronous.delete(opened);
        if (!args.includes('O_CREAT') || known.has(file)) return [];
        known.add(file);
        return [{ kind: 'create', path: file, ...span }];
      }
      case 'lseek':
        offsets.set(key, result);
        return [];
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev':
      case 'sendto':
      case 'sendmsg': {
        const bytes = Buffer.concat(
          Array.from(args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex = '']) => unhex(hex)),
        ).subarray(0, result);
        if (target.startsWith('socket:')) return [{ kind: 'sent', bytes, ...span }];
        if (!inFolder) return [];
        if (bytes.length !== result) throw new Error(`a write was not recorded whole: ${args.slice(-200)}`);
        const at = name.startsWith('p') ? Number(/, (\d+)$/.exec(args)?.[1]) : (offsets.get(key) ?? 0);
        if (!name.startsWith('p')) offsets.set(key, at + result);
        return [{ kind: 'write', path: target, offset: at, bytes, durable: synchronous.has(key), ...span }];
      }
      case 'fsync':
      case 'fdatasync':
        return inFolder ? [{ kind: 'sync', path: target, ...span }] : [];
      case 'rename':
        if (!file.startsWith(folder)) return [];
        known.delete(file);
        known.add(other);
        return [{ kind: 'rename', path: file, to: other, ...span }];
      case 'unlink':
        if (!file.startsWith(folder)) return [];
        known.delete(file);
        return [{ kind: 'unlink', path: file, ...span }];
      default: {
        // Memory that is written to the file behind the tracer's back, above all.
        const fileOfReaders = /-lock$/.test(
          unhex(/<((?:\\x[0-9a-f]{2})*)>/.exec(args)?.[1] ?? '').toString(),
        );
        const harmless = name === 'mmap' && !/PROT_WRITE.*MAP_SHARED/.test(args);
        const touches = unhexAll(args).includes(folder);
        if (touches && !harmless && !fileOfReaders)
          throw new Error(`not understood: ${name}(${unhexAll(args)})`);
        return [];
      }
    }
  });
}

interface Call extends Span {
  readonly name: string;
  readonly args: string;
  readonly result: number;
}

/** Calls in the order in which they began. One that others interrupted is on two lines. */
function calls(text: string): Call[] {
  const unfinished = new Map<string, { readonly head: string; readonly start: number }>();
  const found: Call[] = [];
  text.split('\n').forEach((line, index) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, { head: rest.slice(0, -'<unfinished ...>'.length).trimEnd(), start: index });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    const begun = resumed === null ? undefined : unfinished.get(pid);
    const whole = begun === undefined ? rest : begun.head + rest.slice(resumed?.[0].length);
    const call = /^(\w+)\((.*)\)\s+= (-?\d+|\?)/.exec(whole);
    if (call === null) {
      if (/^\w+\(/.test(whole)) throw new Error(`not understood: ${whole.slice(0, 500)}`);
      return;
    }
    const [, name = '', args = '', result] = call;
    found.push({ name, args, result: Number(result), start: begun?.start ?? index, end: index });
  });
  return found.sort((a, b) => a.start - b.start);
}

const unhex = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');
const unhexAll = (text: string): string =>
  text.replaceAll(/(?:\\x[0-9a-f]{2})+/g, (hex) => unhex(hex).toString('latin1'));
