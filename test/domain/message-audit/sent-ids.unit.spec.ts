import { describe, expect, it } from 'vitest';
import { SentIds } from '../../../src/domain/message-audit/sent-ids.ts';
import { userId } from '../../support/domain-fixtures.ts';

describe('the set of sent ids', () => {
  it('knows every one again, and takes no two of them for one, while it grows', () => {
    const ids = new SentIds();
    const conversations = 20;
    const senders = 10;
    const messages = 500;
    const each = (work: (conversation: number, sender: string, id: string) => void): void => {
      for (let conversation = 1; conversation <= conversations; conversation += 1)
        for (let sender = 0; sender < senders; sender += 1)
          for (let message = 0; message < messages; message += 1)
            work(conversation, userId(sender), `m${message}`);
    };
    let seen = 0;
    each((...id) => {
      if (ids.add(...id)) seen += 1;
    });
    expect(seen).toBe(0);
    each((...id) => {
      if (ids.add(...id)) seen += 1;
    });
    expect(seen).toBe(conversations * senders * messages);
  });

  it('keeps apart what is cut in another place', () => {
    const ids = new SentIds();
    expect(ids.add(1, 'ab', 'c')).toBe(false);
    expect(ids.add(1, 'a', 'bc')).toBe(false);
    expect(ids.add(1, 'abc', '')).toBe(false);
    expect(ids.add(1, 'ab', 'c')).toBe(true);
  });

  it('takes a bounded number of bytes for a message', () => {
    const ids = new SentIds();
    const messages = 100_000;
    for (let message = 0; message < messages; message += 1) ids.add(1, userId(1), `m${message}`);
    expect(ids.bytes() / messages).toBeLessThan(17);
  });
});
