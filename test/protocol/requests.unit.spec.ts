import { Compile } from 'typebox/compile';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Requests } from '../../src/commands/requests.ts';
import { isRequestType, requestSchemas, type WireRequests } from '../../src/protocol/requests.ts';
import { groupChat } from '../support/domain-fixtures.ts';

/** Whether each can stand for the other; `readonly` and how a type is put together do not matter on the wire. */
type Agree<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

type Agreement = {
  [Type in keyof Requests]: Type extends keyof WireRequests
    ? [
        Agree<Requests[Type]['takes'], WireRequests[Type]['takes']>,
        Agree<Requests[Type]['answers'], WireRequests[Type]['answers']>,
      ]
    : never;
};

describe('the protocol and the write side', () => {
  it('agree on what every request takes and answers (checked by tsc)', () => {
    expectTypeOf<Agreement>().toEqualTypeOf<{ [Type in keyof Requests]: [true, true] }>();
    expectTypeOf<keyof WireRequests>().toEqualTypeOf<keyof Requests>();
  });

  it('know no other types', () => {
    expect(isRequestType('sendMessage')).toBe(true);
    expect(isRequestType('toString')).toBe(false);
    expect(isRequestType('hello')).toBe(false);
    expect(Object.keys(requestSchemas)).toContain('grabPacket');
  });
});

describe('ids that are kept as they came', () => {
  const deposit = Compile(requestSchemas.deposit.takes);
  const send = Compile(requestSchemas.sendMessage.takes);
  const takes = (id: string) => [
    deposit.Check({ amountFen: 1, providerRef: id }),
    send.Check({ conversationId: groupChat, clientMsgId: id, content: { kind: 'text', text: 'x' } }),
  ];

  it.each(['m-1', '红包', 'a \u{1f9e7} b', '\u{1f9e7}', 'a/~ \n"'])('may be %j', (id) => {
    expect(takes(id)).toEqual([true, true]);
  });

  it.each(['', 'a\0', '\ud83e', 'a\udde7b', '\udde7\ud83e', 'x'.repeat(65)])('may not be %j', (id) => {
    expect(takes(id)).toEqual([false, false]);
  });
});
