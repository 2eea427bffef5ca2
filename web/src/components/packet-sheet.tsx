import { useEffect } from 'preact/hooks';
import type { PacketId } from '../../../src/domain/ids.ts';
import { useAction } from '../hooks/use-action.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { PacketRecord } from './packet-record.tsx';
import { PacketThanks } from './packet-thanks.tsx';
import { PacketTop } from './packet-top.tsx';
import { PacketVerify } from './packet-verify.tsx';
import { Problem } from './problem.tsx';
import { Sheet } from './sheet.tsx';

/** A red packet up close: open it, see who got how much, check the shares once it has ended. */
export function PacketSheet({ packetId, onClose }: { packetId: PacketId; onClose(): void }) {
  const { app, packet: texts } = useTexts();
  const session = useSession();
  const { packets, loadFailure } = useSessionState();
  const nameOf = useNames();
  const packet = packets.get(packetId);
  const grab = useAction((given: string | undefined) => session.grab(packetId, given));

  useEffect(() => void session.loadPacket(packetId), [session, packetId]);

  if (packet === undefined) {
    return (
      <Sheet title={texts.bubble.open} tone="packet" onClose={onClose}>
        {loadFailure === undefined ? <p>{app.loading}</p> : <Problem code={loadFailure} />}
      </Sheet>
    );
  }
  return (
    <Sheet title={texts.from(nameOf(packet.senderId))} tone="packet" onClose={onClose}>
      <PacketTop packet={packet} busy={grab.busy} onGrab={(phrase) => void grab.run(phrase)} />
      <Problem code={grab.failure} />
      {packet.mine !== null && packet.mine.thanks === null && <PacketThanks packetId={packetId} />}
      <PacketRecord packet={packet} />
      {packet.state !== 'open' && <PacketVerify packet={packet} />}
    </Sheet>
  );
}
