/**
 * Money is a whole number of fen (1 yuan = 100 fen) everywhere. Yuan appear only as text for people, and never
 * pass through a fraction.
 */

const yuanPattern = /^(0|[1-9][0-9]*)(?:\.([0-9]{1,2}))?$/;

/** The fen that a text such as "12", "12.3" or "12.34" means; `undefined` for anything else. */
export function parseYuan(text: string): number | undefined {
  const match = yuanPattern.exec(text);
  if (match === null) return undefined;
  const [, yuan = '0', fraction = ''] = match;
  const fen = Number(yuan) * 100 + Number(fraction.padEnd(2, '0'));
  return Number.isSafeInteger(fen) ? fen : undefined;
}

/** An amount in yuan with two decimals, as "12.34" or "-0.05". `amountFen` is a whole number. */
export function formatYuan(amountFen: number): string {
  const digits = String(Math.abs(amountFen)).padStart(3, '0');
  return `${amountFen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
