import { isUuid } from '../../domain/ids.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { CliError } from '../cli-error.ts';
import { parseRange } from '../log-range.ts';
import { type EventFilter, streamPrefixes } from './event-filter.ts';
import { type Moment, parseMoment } from './moment.ts';
import type { Subject } from './print-state.ts';
import type { ReadPlan } from './read-events.ts';

/** The options of `hongbao replay`, as they stand on the command line. */
export interface ReplayOptions {
  readonly stream?: string;
  readonly category?: readonly string[];
  readonly type?: readonly string[];
  readonly user?: string;
  readonly packet?: string;
  readonly correlation?: string;
  readonly from?: string;
  readonly until?: string;
  readonly follow?: boolean;
  readonly asOf?: string;
  readonly account?: string;
  readonly wallet?: string;
  readonly group?: string;
  readonly format?: string;
  readonly json?: boolean;
}

export type EventFormat = 'text' | 'json' | 'csv';

/** What a `hongbao replay` is asked for. */
export type ReplayRequest =
  | {
      readonly kind: 'events';
      readonly filter: EventFilter;
      readonly plan: ReadPlan;
      readonly follow: boolean;
      readonly format: EventFormat;
    }
  | {
      readonly kind: 'state';
      readonly subject: Subject;
      readonly moment: Moment;
      readonly format: 'text' | 'json';
    };

const subjectKinds = ['account', 'wallet', 'packet', 'group'] as const satisfies readonly Subject['kind'][];

/** Reads the options. Throws `CliError` with a sentence for words that make no sense, alone or together. */
export function replayRequest(options: ReplayOptions, clock: Clock): ReplayRequest {
  const format = formatOf(options);
  for (const name of ['user', 'packet', 'account', 'wallet', 'group'] as const) {
    const id = options[name];
    if (id !== undefined && !isUuid(id)) {
      throw new CliError(`"${id}" is no id for --${name}: those are UUIDs in lower case.`);
    }
  }
  return options.asOf === undefined
    ? eventsRequest(options, format)
    : stateRequest(options, options.asOf, format, clock);
}

function eventsRequest(options: ReplayOptions, format: EventFormat): ReplayRequest {
  for (const name of ['account', 'wallet', 'group'] as const) {
    if (options[name] === undefined) continue;
    throw new CliError(
      `--${name} names whose state to print: give --as-of, too. Its events: --stream ${name}-${options[name]}.`,
    );
  }
  const { stream, category: categories, type: types, user, packet, correlation } = options;
  if (stream !== undefined && categories !== undefined) {
    throw new CliError('Give either --stream or --category: a stream is of one category.');
  }
  const wrong = categories?.find((category) => !/^[^-$]+$/.test(category));
  if (wrong !== undefined) {
    throw new CliError(`"${wrong}" is no category: that is what stands before the first hyphen of a stream.`);
  }
  const filter: EventFilter = {
    ...(stream !== undefined && { stream }),
    ...(categories && { categories }),
    ...(types && { types }),
    ...(user !== undefined && { userId: user }),
    ...(packet !== undefined && { packetId: packet }),
    ...(correlation !== undefined && { correlationId: correlation }),
  };
  const prefixes = streamPrefixes(filter);
  const range = parseRange(options.from, options.until);
  const plan = { range, ...(stream !== undefined && { stream }), ...(prefixes && { prefixes }) };
  return { kind: 'events', filter, plan, follow: options.follow === true, format };
}

function stateRequest(
  options: ReplayOptions,
  asOf: string,
  format: EventFormat,
  clock: Clock,
): ReplayRequest {
  for (const name of [
    'stream',
    'category',
    'type',
    'user',
    'correlation',
    'from',
    'until',
    'follow',
  ] as const) {
    if (options[name] === undefined) continue;
    throw new CliError(`--as-of prints a state, and --${name} is about events: give one of them.`);
  }
  if (format === 'csv') throw new CliError('A state has no CSV: --as-of prints text or JSON.');
  const subjects = subjectKinds.flatMap((kind) => {
    const id = options[kind];
    return id === undefined ? [] : [{ kind, id }];
  });
  const [subject] = subjects;
  if (subject === undefined || subjects.length > 1) {
    throw new CliError('--as-of takes one of --account, --wallet, --packet and --group.');
  }
  return { kind: 'state', subject, moment: parseMoment(asOf, clock), format };
}

function formatOf({ format, json }: ReplayOptions): EventFormat {
  if (format === undefined) return json === true ? 'json' : 'text';
  if (json === true && format !== 'json') throw new CliError(`--json contradicts --format ${format}.`);
  if (format === 'text' || format === 'json' || format === 'csv') return format;
  throw new CliError(`"${format}" is no format: give text, json or csv.`);
}
