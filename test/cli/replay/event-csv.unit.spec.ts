import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvHeader, eventAsCsv } from '../../../src/cli/replay/event-csv.ts';
import { csvCell } from '../../../src/protocol/csv-cell.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { aDomainEvent } from '../../support/an-event.ts';
import { alice, clientMsgId, packetTerms } from '../../support/domain-fixtures.ts';
import { startMs } from '../../support/given-when-then.ts';

const recorded = (event: DomainEvent) => ({
  ...aDomainEvent(event, { timeMs: startMs, actor: alice }),
  stream: `wallet-${alice}`,
  revision: 2,
  position: 9007199254740993n,
});

/** A reader of RFC 4180, written from its grammar: the cells of one line. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/.exec(rest);
    if (match === null) throw new Error(`not a line of CSV: ${rest}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return cells;
    rest = rest.slice(match[0].length);
  }
}

describe('an event as CSV', () => {
  it('has its columns where programs look for them', () => {
    expect(csvHeader).toBe(
      'position,time,stream,revision,type,actor,userId,packetId,amountFen,' +
        'correlationId,causationId,commandId,eventId,schemaVersion,data',
    );
  });

  it('has money, packet and user in cells of their own, and all of the data in the last', () => {
    const terms = packetTerms();
    const event = recorded({
      type: 'PacketFunded',
      data: { userId: alice, amountFen: 1000, terms, clientMsgId: clientMsgId(1) },
    });
    const row = Object.fromEntries(
      cellsOf(eventAsCsv(event)).map((cell, index) => [csvHeader.split(',')[index], cell]),
    );
    expect(row).toMatchObject({
      position: '9007199254740993',
      time: '2026-01-01T00:00:00.000Z',
      stream: `wallet-${alice}`,
      type: 'PacketFunded',
      actor: alice,
      userId: alice,
      packetId: terms.packetId,
      amountFen: '1000',
      eventId: event.id,
    });
    expect(JSON.parse(row.data ?? '')).toEqual(event.data);
  });

  it('leaves cells empty that the event says nothing for', () => {
    const event = { ...recorded({ type: 'PasswordChanged', data: {} }), metadata: JSON.parse('{}') };
    expect(eventAsCsv(event)).toBe(
      `9007199254740993,,wallet-${alice},2,PasswordChanged,,,,,,,,${event.id},,{}`,
    );
  });
});

/** Mostly what CSV and spreadsheets give a meaning to. */
const unit = () =>
  fc.oneof(
    fc.constantFrom('"', ',', '\r', '\n', '=', "'", '-', '，'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );

describe('a cell', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1+1'])(
    'of text %j is no formula to a spreadsheet',
    (text) => {
      expect(cellsOf(csvCell(text))).toEqual([`'${text}`]);
    },
  );

  it('of a number stays a number', () => {
    expect(csvCell(-5)).toBe('-5');
  });

  it('is read back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: unit(), maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        (texts) => {
          const read = cellsOf(texts.map(csvCell).join(','));
          expect(read.map((cell) => cell.replace(/^'(?=[=+\-@＝＋－＠\t\r\n])/, ''))).toEqual(
            texts.map((text) => text.replace(/^'(?=[=+\-@＝＋－＠\t\r\n])/, '')),
          );
        },
      ),
    );
  });
});
