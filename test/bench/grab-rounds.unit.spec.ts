import { describe, expect, it } from 'vitest';
import type { GrabAnswer, GrabSystem } from '../../bench/grab/grab-system.ts';
import { playRounds } from '../../bench/grab/rounds.ts';

const size = { totalFen: 100, shares: 2 };
const won = (amountFen: number, shareIndex: number): GrabAnswer => ({ kind: 'won', amountFen, shareIndex });
const exhausted: GrabAnswer = { kind: 'refused', code: 'packet-exhausted' };

/** A system that answers its users in order, the same in every round. */
function scripted(...answers: GrabAnswer[]): GrabSystem {
  return {
    users: answers.length,
    sendPacket: async () => 'packet',
    grab: async (user) => answers[user]!,
    checkMoney: async () => ({ overGrabs: 0, imbalanceFen: 0, problems: [] }),
    close: async () => undefined,
  };
}

describe('rounds of grabs', () => {
  it('of a system without fault have none', async () => {
    const rounds = await playRounds(scripted(won(40, 0), exhausted, won(60, 1)), 3, size);
    expect(rounds).toMatchObject({ overGrabs: 0, sumErrorFen: 0 });
    expect(rounds.wonMs).toHaveLength(6);
    expect(rounds.refusedMs).toHaveLength(3);
  });

  it('see a share that was given twice', async () => {
    const rounds = await playRounds(scripted(won(40, 0), won(60, 1), won(60, 1)), 2, size);
    expect(rounds).toMatchObject({ overGrabs: 2, sumErrorFen: 120 });
  });

  it('see more winners than shares', async () => {
    const rounds = await playRounds(scripted(won(40, 0), won(60, 1), won(0, 2)), 1, size);
    expect(rounds).toMatchObject({ overGrabs: 1, sumErrorFen: 0 });
  });

  it('see a sum that is too small', async () => {
    const rounds = await playRounds(scripted(won(40, 0), won(59, 1), exhausted), 1, size);
    expect(rounds).toMatchObject({ overGrabs: 0, sumErrorFen: 1 });
  });

  it('end at a refusal that is none of the bench', async () => {
    const busy: GrabAnswer = { kind: 'refused', code: 'unavailable' };
    await expect(playRounds(scripted(won(100, 0), busy), 1, size)).rejects.toThrow('unavailable');
  });
});
