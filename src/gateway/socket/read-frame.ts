import { Compile, type Validator } from 'typebox/compile';
import { bounds } from '../../protocol/bounds.ts';
import {
  ClientFrameSchema,
  type ControlType,
  controlSchemas,
  type RawClientFrame,
} from '../../protocol/frames.ts';
import { requestSchemas, type WireRequestType } from '../../protocol/requests.ts';

/*
 * From the bytes of a WebSocket message to frames of the right form. Whatever is wrong with one frame is said of
 * that frame alone.
 */

const frameValidator = Compile(ClientFrameSchema);

/** The validator of the data of each type, compiled once. */
const dataValidators: ReadonlyMap<string, Pick<Validator, 'Check' | 'Errors'>> = new Map(
  [...Object.entries(requestSchemas), ...Object.entries(controlSchemas)].map(([type, { takes }]) => [
    type,
    Compile(takes),
  ]),
);

export type ReadMessage =
  /** The frames, in order, not yet checked one by one. */
  | { readonly kind: 'frames'; readonly frames: readonly unknown[] }
  | { readonly kind: 'unreadable'; readonly message: string };

/** Splits a text message into its frames. */
export function readMessage(text: string): ReadMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', message: 'The message is not JSON.' };
  }
  if (!Array.isArray(parsed)) return { kind: 'frames', frames: [parsed] };
  if (parsed.length > bounds.framesPerMessage) {
    return { kind: 'unreadable', message: `A message holds at most ${bounds.framesPerMessage} frames.` };
  }
  return { kind: 'frames', frames: parsed };
}

export type ReadFrame =
  | { readonly kind: 'frame'; readonly frame: RawClientFrame }
  /** `id` is `null` when it could not be made out. */
  | { readonly kind: 'malformed'; readonly id: number | null; readonly message: string };

/** Whether to say what is wrong inside: finding that out costs many times what finding out *that* it is wrong does. */
export interface FaultOptions {
  readonly describe: boolean;
}

/** Checks a frame's envelope. */
export function readFrame(value: unknown, options: FaultOptions): ReadFrame {
  if (frameValidator.Check(value)) return { kind: 'frame', frame: value };
  return { kind: 'malformed', id: idOf(value), message: faultOf('frame', frameValidator, value, options) };
}

/** What is wrong with the data of a frame of this type; `undefined` when nothing is. */
export function dataFault(
  type: WireRequestType | ControlType,
  data: unknown,
  options: FaultOptions,
): string | undefined {
  const validator = dataValidators.get(type);
  if (validator === undefined) throw new Error(`no schema for ${type}`);
  return validator.Check(data) ? undefined : faultOf('data', validator, data, options);
}

function faultOf(
  root: string,
  validator: Pick<Validator, 'Errors'>,
  value: unknown,
  { describe }: FaultOptions,
): string {
  if (!describe) return `${root} is malformed`;
  const [error] = validator.Errors(value);
  return error === undefined ? `${root} is malformed` : `${root}${error.instancePath} ${error.message}`;
}

/** The id of what may not be a frame at all; `null` when it cannot be made out. */
export function idOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  return typeof value.id === 'number' && Number.isSafeInteger(value.id) && value.id >= 0 ? value.id : null;
}
