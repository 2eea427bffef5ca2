import { expect, test } from 'vitest';
import { grpcMessage } from '../../../../../infra/eventstore/embedded/grpc/grpc-status.ts';

test.each([
  ['plain text', 'the stream s is deleted; "x" = {1}', 'the stream s is deleted; "x" = {1}'],
  ['a percent sign', '100% sure', '100%25 sure'],
  ['line ends', 'a\r\nb', 'a%0D%0Ab'],
  ['other scripts', 'no 群', 'no %E7%BE%A4'],
  ['half a character', 'a\ud800b', 'a%EF%BF%BDb'],
])('a message with %s stays readable and fits into a header', (_, text, header) => {
  expect(grpcMessage(text)).toBe(header);
});
