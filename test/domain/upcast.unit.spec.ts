import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DomainEventType } from '../../src/domain/events.ts';
import { domainEventTypes, schemaVersionOf, UnknownEvent, upcast } from '../../src/domain/upcast.ts';
import { newestEvents } from './golden/newest.ts';

interface GoldenEvent {
  readonly type: DomainEventType;
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** golden/v{N}/{Type}.json: an event as version N wrote it. Written once, changed never. */
const goldenFolder = new URL('golden/', import.meta.url);
const golden = readdirSync(goldenFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((folder) =>
    readdirSync(new URL(`${folder.name}/`, goldenFolder)).map((file) => {
      const path = `${folder.name}/${file}`;
      return { path, event: JSON.parse(readFileSync(new URL(path, goldenFolder), 'utf8')) as GoldenEvent };
    }),
  );

describe('an event that was ever written', () => {
  it.each(golden)('is read in its newest shape: $path', ({ path, event }) => {
    expect(path).toBe(`v${event.schemaVersion}/${event.type}.json`);
    expect(upcast(event.type, event.schemaVersion, event.data)).toStrictEqual({
      type: event.type,
      data: newestEvents[event.type],
    });
  });

  it('has a golden file of every version that its type has had', () => {
    const wanted = domainEventTypes.flatMap((type) =>
      Array.from({ length: schemaVersionOf(type) }, (_, index) => `v${index + 1}/${type}.json`),
    );
    expect(golden.map(({ path }) => path).sort()).toEqual(wanted.sort());
  });
});

describe('an event that is not known', () => {
  it('is refused by its type', () => {
    expect(() => upcast('PacketStolen', 1, {})).toThrow(UnknownEvent);
    expect(() => upcast('toString', 1, {})).toThrow(UnknownEvent);
  });

  it('is refused by its version', () => {
    for (const version of [0, 2, 1.5, -1, Number.NaN]) {
      expect(() => upcast('WalletOpened', version, {})).toThrow(UnknownEvent);
    }
  });
});
