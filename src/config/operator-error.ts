/**
 * Something that the operator has to see to: a taken port, an engine that does not start, a key that does not fit.
 * The message is a sentence that says what to do; a command prints it and no stack.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}
