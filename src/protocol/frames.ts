import { type Static, Type } from 'typebox';
import { bounds } from './bounds.ts';
import { ErrorSchema, type WireError } from './errors.ts';
import type { PushFrame } from './pushes.ts';
import type { Answers, Takes, WireRequestType } from './requests.ts';
import {
  CommandIdSchema,
  ConversationIdSchema,
  CursorSeqSchema,
  DeviceIdSchema,
  PositionSchema,
  strict,
  TimeMsSchema,
} from './scalars.ts';
import { UserViewSchema } from './views/user-views.ts';

/*
 * A WebSocket text message is one frame or an array of frames. The client's frames have an `id`, which comes
 * back with the reply; the server's frames without an `id` are pushes (pushes.ts).
 */

/** What every frame of a client has in common. `commandId` and `retry` belong to commands only. */
export const ClientFrameSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    type: Type.String({ maxLength: 64 }),
    commandId: Type.Optional(CommandIdSchema),
    /** Says that this command id was sent before: the answer is then looked up beyond the caches. */
    retry: Type.Optional(Type.Boolean()),
    data: Type.Unknown(),
  },
  strict,
);
export type RawClientFrame = Static<typeof ClientFrameSchema>;

/** What concerns the connection itself. These take no command id and change nothing that lasts. */
export const controlSchemas = {
  /** The first frame, exactly once, within the deadline. */
  hello: {
    takes: Type.Object(
      {
        protocol: Type.Integer({ minimum: 1 }),
        /** The access token. Never in the URL, where logs would keep it. */
        token: Type.String({ maxLength: bounds.tokenChars }),
        /** For each conversation that the client holds: the last seq up to which it has everything. */
        cursors: Type.Unsafe<Readonly<Record<string, number>>>(
          Type.Record(ConversationIdSchema, CursorSeqSchema, {
            maxProperties: bounds.helloCursors,
            additionalProperties: false,
          }),
        ),
      },
      strict,
    ),
    answers: Type.Object({
      protocol: Type.Integer(),
      user: UserViewSchema,
      deviceId: DeviceIdSchema,
      /** Send something (a `ping`) when nothing else was sent for this long. */
      heartbeatMs: Type.Integer({ minimum: 1 }),
      serverTimeMs: TimeMsSchema,
      /** The connection is closed at this time unless a `reauthenticate` came before. */
      tokenExpiresAtMs: TimeMsSchema,
    }),
  },
  /** A fresh token for the same user and device. */
  reauthenticate: {
    takes: Type.Object({ token: Type.String({ maxLength: bounds.tokenChars }) }, strict),
    answers: Type.Object({ tokenExpiresAtMs: TimeMsSchema }),
  },
  ping: {
    takes: Type.Object({}, strict),
    answers: Type.Object({ serverTimeMs: TimeMsSchema }),
  },
} as const;

export type ControlType = keyof typeof controlSchemas;
export type ControlTakes<Type extends ControlType> = Static<(typeof controlSchemas)[Type]['takes']>;
export type ControlAnswers<Type extends ControlType> = Static<(typeof controlSchemas)[Type]['answers']>;

/** A frame that a client sends, precisely. */
export type ClientFrame =
  | {
      [Type in WireRequestType]: {
        readonly id: number;
        readonly type: Type;
        readonly commandId: string;
        readonly retry?: boolean;
        readonly data: Takes<Type>;
      };
    }[WireRequestType]
  | {
      [Type in ControlType]: { readonly id: number; readonly type: Type; readonly data: ControlTakes<Type> };
    }[ControlType];

export const AcceptedReplySchema = Type.Object({
  id: Type.Integer(),
  ok: Type.Literal(true),
  data: Type.Unknown(),
  /** Of commands only: from this position of the log on, reads show the effect. */
  position: Type.Optional(PositionSchema),
});
export const RejectedReplySchema = Type.Object({
  /** `null` when the frame could not be read so far as to its id. */
  id: Type.Union([Type.Integer(), Type.Null()]),
  ok: Type.Literal(false),
  error: ErrorSchema,
});

/** The answer to one frame. */
export type ReplyFrame =
  | {
      readonly id: number;
      readonly ok: true;
      readonly data: Answers<WireRequestType> | ControlAnswers<ControlType>;
      readonly position?: string;
    }
  | { readonly id: number | null; readonly ok: false; readonly error: WireError };

/** Anything that the server sends. */
export type ServerFrame = ReplyFrame | PushFrame;
