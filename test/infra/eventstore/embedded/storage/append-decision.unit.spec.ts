import { describe, expect, test } from 'vitest';
import {
  decideAppend,
  type Expected,
  type StreamView,
} from '../../../../../infra/eventstore/embedded/storage/append-decision.ts';

const stream = (...ids: string[]): StreamView => ({
  revision: ids.length - 1,
  tombstoned: false,
  softDeleted: () => false,
  hasMetadata: () => false,
  idAt: (revision) => ids[revision],
  revisionOf: (id) => (ids.includes(id) ? ids.indexOf(id) : undefined),
});
const at = (revision: number): Expected => ({ kind: 'revision', revision });
const write = { kind: 'write' };
const wrong = { kind: 'wrong-expected-version' };
const already = (lastRevision: number) => ({ kind: 'already-written', lastRevision });

describe('an append with an exact expected revision', () => {
  test.each([
    ['the current one', stream('a', 'b'), at(1), ['c'], write],
    ['no stream, and there is none', stream(), { kind: 'no-stream' }, ['a'], write],
    ['below, with the same ids', stream('a', 'b', 'c'), at(0), ['b', 'c'], already(2)],
    ['below, with the same ids and more behind them', stream('a', 'b', 'c'), at(0), ['b'], already(1)],
    ['no stream, with the same ids', stream('a', 'b'), { kind: 'no-stream' }, ['a', 'b'], already(1)],
    ['below, with other ids', stream('a', 'b'), at(0), ['x'], wrong],
    ['below, with one id changed', stream('a', 'b', 'c'), at(0), ['b', 'x'], wrong],
    ['below, with the same ids in another order', stream('a', 'b', 'c'), at(0), ['c', 'b'], wrong],
    ['below, with ids beyond the end', stream('a', 'b'), at(0), ['b', 'c'], wrong],
    ['below, with ids that stand elsewhere in the stream', stream('a', 'b', 'c'), at(1), ['b'], wrong],
    ['above the current one', stream('a'), at(3), ['b'], wrong],
    ['a revision of a stream that is not there', stream(), at(0), ['a'], wrong],
  ] as [string, StreamView, Expected, string[], object][])('%s', (_, view, expected, ids, decision) => {
    expect(decideAppend(view, expected, ids)).toEqual(decision);
  });
});

describe('an append with any expected revision', () => {
  test.each([
    ['new ids', stream('a'), { kind: 'any' }, ['b'], write],
    ['new ids, no stream', stream(), { kind: 'any' }, ['b'], write],
    ['known ids', stream('a', 'b', 'c'), { kind: 'any' }, ['a', 'b'], already(1)],
    ['some known ids', stream('a'), { kind: 'any' }, ['a', 'b'], wrong],
    ['an existing stream, which does not exist', stream(), { kind: 'stream-exists' }, ['a'], wrong],
    ['an existing stream', stream('a'), { kind: 'stream-exists' }, ['b'], write],
  ] as [string, StreamView, Expected, string[], object][])('%s', (_, view, expected, ids, decision) => {
    expect(decideAppend(view, expected, ids)).toEqual(decision);
  });
});
