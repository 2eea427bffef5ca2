import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../../src/cli/cli-error.ts';
import { type ReplayOptions, replayRequest } from '../../../src/cli/replay/replay-request.ts';
import { alice, packetId } from '../../support/domain-fixtures.ts';
import { virtualRuntime } from '../../support/virtual-runtime.ts';

const { clock } = virtualRuntime();
const packet = packetId(1);
const past = '2025-12-31T08:00:00Z';

describe('what replay is asked for', () => {
  it.each<[ReplayOptions, object]>([
    [{}, { kind: 'events', filter: {}, plan: { range: {} }, follow: false, format: 'text' }],
    [{ json: true }, { format: 'json' }],
    [{ json: true, format: 'json' }, { format: 'json' }],
    [
      { format: 'csv', follow: true },
      { format: 'csv', follow: true },
    ],
    [{ category: ['wallet'] }, { plan: { prefixes: ['wallet-'] } }],
    [{ stream: 'wallet-1', from: '3', user: alice }, { plan: { stream: 'wallet-1', range: { from: {} } } }],
    [
      { packet, type: ['PacketSent'] },
      { kind: 'events', filter: { packetId: packet, types: ['PacketSent'] } },
    ],
    [
      { packet, asOf: past },
      { kind: 'state', subject: { kind: 'packet', id: packet }, format: 'text' },
    ],
    [
      { wallet: alice, asOf: 'now', json: true },
      { subject: { kind: 'wallet' }, moment: { kind: 'now' } },
    ],
  ])('%j is understood', (options, request) => {
    expect(replayRequest(options, clock)).toMatchObject(request);
  });

  it.each<[ReplayOptions, string]>([
    [{ stream: 'wallet-1', category: ['wallet'] }, 'either --stream or --category'],
    [{ category: ['wallet-1'] }, '"wallet-1" is no category'],
    [{ category: ['$ce'] }, '"$ce" is no category'],
    [{ user: 'alice' }, '"alice" is no id for --user'],
    [{ packet: packet.toUpperCase() }, 'UUIDs in lower case'],
    [{ packet, category: ['friendship'] }, 'Nothing in friendship concerns a packet'],
    [{ from: '5', until: '4' }, 'ends before it begins'],
    [{ json: true, format: 'csv' }, '--json contradicts --format csv'],
    [{ format: 'xml' }, '"xml" is no format'],
    [{ wallet: alice }, `give --as-of, too. Its events: --stream wallet-${alice}`],
    [{ asOf: past }, 'one of --account, --wallet, --packet and --group'],
    [{ asOf: past, wallet: alice, account: alice }, 'one of --account, --wallet, --packet and --group'],
    [{ asOf: past, wallet: alice, follow: true }, '--follow is about events'],
    [{ asOf: past, wallet: alice, from: '1' }, '--from is about events'],
    [{ asOf: past, packet, user: alice }, '--user is about events'],
    [{ asOf: past, wallet: alice, format: 'csv' }, 'A state has no CSV'],
    [{ asOf: '2027-01-01T00:00:00Z', wallet: alice }, 'is still to come'],
    [{ asOf: 'yesterday', wallet: alice }, 'neither a log position nor a time'],
  ])('%j is refused with a sentence', (options, sentence) => {
    const refused = () => replayRequest(options, clock);
    expect(refused).toThrow(sentence);
    expect(refused).toThrow(expect.objectContaining({ name: 'CliError', exitCode: exitCodes.usage }));
  });
});
