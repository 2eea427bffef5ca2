import { printLine } from '../../output.ts';

/** Says one thing that came of a command: as words, or as data of which each is a line of JSON. */
export type Tell = (words: string, data: object) => void;

export function teller(json: boolean): Tell {
  return (words, data) => printLine(json ? JSON.stringify(data, bigintAsText) : words);
}

/** Positions exceed what JSON numbers hold exactly. */
const bigintAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
