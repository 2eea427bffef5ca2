import { describe, expect, it } from 'vitest';
import { paymentPinRefusal } from '../../../src/domain/account/payment-pin.ts';

describe('a payment PIN', () => {
  it.each(['', '12345', '1234567', '12345a', '１２３４５６', ' 28394', '-28394'])(
    'is six digits: not %j',
    (pin) => {
      expect(paymentPinRefusal(pin)).toMatchObject({ code: 'pin-weak' });
    },
  );

  it.each([
    '000000',
    '111111',
    '123456',
    '654321',
    '890123',
    '024680',
    '121212',
    '123123',
    '112233',
    '520131',
  ])('is not among the first guesses: not %s', (pin) => {
    expect(paymentPinRefusal(pin)).toMatchObject({ code: 'pin-weak' });
  });

  it.each(['283947', '100200', '998871', '071284'])('may be %s', (pin) => {
    expect(paymentPinRefusal(pin)).toBeUndefined();
  });
});
