import type { Rejection } from '../decider.ts';
import { rejection } from '../decider.ts';

const digits = 6;
/** PINs that people choose for what they mean or where they lie on a keypad, beyond what `isPattern` sees. */
const common: ReadonlySet<string> = new Set(
  `112233 332211 111222 222111 101010 147258 258369 369258 852741 159357 357159 159753 753159 456123 789456
   520131 131452 521131 131421 201314 110120 110119 120110 666888 888666 168888 888168`.split(/\s+/),
);

/** Why this cannot be a payment PIN; `undefined` when it can. Six digits that are not among the first guesses. */
export function paymentPinRefusal(pin: string): Rejection | undefined {
  if (!/^[0-9]{6}$/.test(pin)) return rejection('pin-weak', `A payment PIN has ${digits} digits.`);
  if (!isPattern(pin) && !common.has(pin)) return undefined;
  return rejection('pin-weak', 'This PIN is among the first that anybody would try.');
}

/** One step throughout (000000, 123456, 987654, 024680), or a part that is repeated (121212, 123123). */
function isPattern(pin: string): boolean {
  const steps = Array.from(
    { length: digits - 1 },
    (_, at) => (Number(pin[at + 1]) - Number(pin[at]) + 10) % 10,
  );
  const [first, second] = [pin.slice(0, 2), pin.slice(0, 3)];
  return new Set(steps).size === 1 || pin === first.repeat(3) || pin === second.repeat(2);
}
