import { describe, expect, it } from 'vitest';
import { parseChildLine } from '../../../infra/supervisor/child-line.ts';

describe('a line from a child', () => {
  it('says where it listens, and keeps what else it says in words', () => {
    expect(parseChildLine('{"listening":"http://x","adminUrl":"y","count":1}')).toEqual({
      kind: 'listening',
      listening: 'http://x',
      details: { adminUrl: 'y' },
    });
  });

  it('says why it failed', () => {
    expect(parseChildLine('{"failed":"Port 1 is taken."}')).toEqual({
      kind: 'failed',
      sentence: 'Port 1 is taken.',
    });
  });

  it.each(['', 'hello', '{', '{"listening":1}', '[]', 'null', '{"level":30,"msg":"listening"}'])(
    'is passed on when it is anything else: %s',
    (text) => {
      expect(parseChildLine(text)).toEqual({ kind: 'other', text });
    },
  );
});
