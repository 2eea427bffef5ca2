import type { AnswerOf, Outcome, RequestContext, RequestOf, RequestType } from '../requests.ts';

/** Serves one type of request for a user who may act. Throws only what `CommandService` turns into an answer. */
type Handler<Type extends RequestType> = (
  request: RequestOf<Type>,
  context: RequestContext,
) => Promise<Outcome<AnswerOf<Type>>>;

export type Handlers<Types extends RequestType = RequestType> = {
  readonly [Type in Types]: Handler<Type>;
};
