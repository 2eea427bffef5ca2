import { describe, expect, it } from 'vitest';
import { afterClose, closeCodes } from '../../src/protocol/close-codes.ts';

describe('close codes', () => {
  it('are all different, and such as an application may send', () => {
    const codes = Object.values(closeCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes)
      expect([1001, 1009, 1011].includes(code) || (code >= 4000 && code < 5000)).toBe(true);
  });

  it('say what the client does next; an unknown one means: come again', () => {
    expect(afterClose(closeCodes.tokenRejected.code)).toBe('refresh');
    expect(afterClose(closeCodes.sessionRevoked.code)).toBe('end');
    for (const { code } of [closeCodes.tooLarge, closeCodes.protocolViolation, closeCodes.versionNotServed]) {
      expect(afterClose(code)).toBe('stop');
    }
    expect(afterClose(1006)).toBe('again');
  });
});
