import { type Static, Type } from 'typebox';
import { type ErrorCode, errorCodes } from '../domain/error-codes.ts';

/** Every code of the registry. */
export const ErrorCodeSchema = Type.Unsafe<ErrorCode>(
  Type.String({ enum: Object.keys(errorCodes), description: 'A stable code; see docs/errors.md' }),
);

export const ErrorSchema = Type.Object({
  code: ErrorCodeSchema,
  message: Type.String({ description: 'For people, in English' }),
  temporary: Type.Boolean({ description: 'Whether the same request may succeed later' }),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
});
/** What went wrong with one request, over HTTP and the WebSocket alike. */
export type WireError = Static<typeof ErrorSchema>;

/** The body of every HTTP answer that is not a success. */
export const ErrorBodySchema = Type.Object({ error: ErrorSchema });
export type ErrorBody = Static<typeof ErrorBodySchema>;
