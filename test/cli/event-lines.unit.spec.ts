import { describe, expect, it } from 'vitest';
import { eventAsJson, eventAsText } from '../../src/cli/event-lines.ts';
import { anEvent } from '../support/an-event.ts';
import { alice, sealed } from '../support/domain-fixtures.ts';

const recorded = (data: unknown, stream = 'account-1') => ({
  ...anEvent(data),
  stream,
  revision: 0,
  position: 7n,
});

describe('an event as a line', () => {
  it('names sealed text and does not show it', () => {
    const line = eventAsText(recorded({ nickname: sealed('c2VjcmV0', alice) }));
    expect(line).toContain(`(sealed for ${alice})`);
    expect(line).not.toContain('c2VjcmV0');
  });

  it('has nothing in it that a terminal would obey', () => {
    const line = eventAsText(recorded({ reason: 'a\u009b2Jb\u202ec' }, 'x-\u001b[2J\r\nforged'));
    expect(line).toContain('x-\\u001b[2J\\u000d\\u000aforged@0');
    expect(line).toContain('a\\u009b2Jb\\u202ec');
  });

  it('shows an event of another program, which may have no metadata and no JSON', () => {
    const foreign = { ...recorded(Uint8Array.from([1, 2, 3])), metadata: JSON.parse('{}') };
    expect(eventAsText(foreign)).toBe('7  -  account-1@0  SomethingHappened {"base64":"AQID"}  by -');
    expect(JSON.parse(eventAsJson(foreign))).toMatchObject({ position: '7', data: { base64: 'AQID' } });
  });
});
