import { readFileSync } from 'node:fs';
import { UsageError } from '../harness/options.ts';

/** What the events of a log are about. */
export const topics = ['chat', 'receipts', 'packets', 'friends'] as const;
export type Topic = (typeof topics)[number];

/** How many percent of all events each topic has. */
export type Mix = Readonly<Record<Topic, number>>;

const mixFile = new URL('./mix.json', import.meta.url);

/** The mix of `mix.json`. Throws `UsageError` unless each topic has a share and all together have 100. */
export function readMix(file: URL = mixFile): Mix {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<string, unknown>>;
  const shares = topics.map((topic) => json[topic]);
  const total = shares.reduce(
    (sum: number, share) => sum + (typeof share === 'number' ? share : Number.NaN),
    0,
  );
  if (total !== 100 || Object.keys(json).length !== topics.length) {
    throw new UsageError(`${file.pathname} needs percentages of ${topics.join(', ')} that add up to 100.`);
  }
  return json as Mix;
}
