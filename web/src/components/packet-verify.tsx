import { useState } from 'preact/hooks';
import type { PacketProofView, PacketView } from '../../../src/protocol/views/money-views.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { checkFairness } from '../packet/check-fairness.ts';
import { FairnessTable } from './fairness-table.tsx';
import { Problem } from './problem.tsx';

/** Recomputes the shares of a packet that has ended, here in the browser. */
export function PacketVerify({ packet }: { packet: PacketView }) {
  const { packet: texts } = useTexts();
  const session = useSession();
  const [proof, setProof] = useState<PacketProofView | undefined>(undefined);
  const ask = useAction(async () => setProof(await session.proof(packet.packetId)));
  return (
    <section class="packet-verify">
      <p class="hint">{texts.verifyHint}</p>
      <button type="button" disabled={ask.busy} onClick={() => void ask.run()}>
        {texts.verify}
      </button>
      <Problem code={ask.failure} />
      {proof !== undefined && <FairnessTable checks={checkFairness(packet, proof)} seed={proof.seed} />}
    </section>
  );
}
