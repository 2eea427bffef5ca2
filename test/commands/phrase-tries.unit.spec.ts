import { describe, expect, it } from 'vitest';
import { PhraseTries } from '../../src/commands/phrase-tries.ts';
import { alice, bob, carol, packetId } from '../support/domain-fixtures.ts';
import { virtualRuntime } from '../support/virtual-runtime.ts';

const bounds = { phraseTriesMax: 3, phraseTriesWindowMs: 60_000, phraseTriesKept: 2 };
const packet = packetId(1);

function tries() {
  const runtime = virtualRuntime({ seed: 1 });
  const counted = new PhraseTries(runtime.clock, bounds);
  const takeAll = (): void => {
    for (let made = 0; made < bounds.phraseTriesMax; made += 1) counted.take(packet, bob);
  };
  return { runtime, counted, takeAll };
}

describe('tries of a phrase', () => {
  it('are so many in a window that begins with the first', async () => {
    const { runtime, counted, takeAll } = tries();
    takeAll();
    await runtime.advance(59_999);
    expect(counted.take(packet, bob)).toBe(false);
    await runtime.advance(1);
    expect(counted.take(packet, bob)).toBe(true);
  });

  it('are counted for each user and packet', () => {
    const { counted, takeAll } = tries();
    takeAll();
    expect(counted.take(packet, bob)).toBe(false);
    expect(counted.take(packet, alice)).toBe(true);
    expect(counted.take(packetId(2), bob)).toBe(true);
  });

  it('are forgotten when one was right', () => {
    const { counted, takeAll } = tries();
    takeAll();
    counted.forget(packet, bob);
    expect(counted.take(packet, bob)).toBe(true);
  });

  it('take bounded memory: the oldest make room', () => {
    const { counted, takeAll } = tries();
    takeAll();
    counted.take(packet, alice);
    counted.take(packet, carol);
    expect(counted.take(packet, bob)).toBe(true);
  });
});
