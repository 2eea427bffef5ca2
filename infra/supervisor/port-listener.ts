import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Who listens on a TCP port of this machine, for people: `process 12 (nginx)`. Undefined when that cannot be told:
 * on other systems than Linux, and of processes of other users.
 */
export function listenerOn(port: number): string | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  const pid = entriesOf('/proc').find((entry) => /^\d+$/.test(entry) && hasSocket(entry, inodes));
  if (pid === undefined) return undefined;
  return `process ${pid} (${textOf(`/proc/${pid}/comm`).trim()})`;
}

const listening = '0A';

/** See proc(5): local address, state and inode are fields 1, 3 and 9 of a line. */
function listeningInodes(table: string, port: number): string[] {
  return textOf(`/proc/net/${table}`)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      (fields) => fields[3] === listening && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port,
    )
    .flatMap((fields) => (fields[9] === undefined ? [] : [fields[9]]));
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  return entriesOf(`/proc/${pid}/fd`).some((descriptor) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`)) ?? [];
    return inode !== undefined && inodes.has(inode);
  });
}

const entriesOf = (folder: string): string[] => orElse(() => readdirSync(folder), []);
const textOf = (file: string): string => orElse(() => readFileSync(file, 'utf8'), '');
const linkOf = (link: string): string => orElse(() => readlinkSync(link), '');

/** Processes end while they are looked at, and those of others are closed to us. */
function orElse<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
