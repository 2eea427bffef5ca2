import { useId } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import type { PacketView } from '../../../src/protocol/views/money-views.ts';
import { formatTime } from '../format/time.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useLanguage, useTexts } from '../i18n/language-context.ts';
import { remainingFen } from '../packet/packet-standing.ts';
import { Avatar } from './avatar.tsx';
import { PacketEnd } from './packet-end.tsx';

/** Who got how much, and what is left. */
export function PacketRecord({ packet }: { packet: PacketView }) {
  const { packet: texts, people: peopleTexts } = useTexts();
  const language = useLanguage();
  const session = useSession();
  const { me, people } = useSessionState();
  const nameOf = useNames();
  const headingId = useId();
  const leftFen = remainingFen(packet);
  const { grabs } = packet;
  const isDrawn = packet.kind === 'lucky' && packet.count > 1;
  return (
    <section class="packet-record" aria-labelledby={headingId}>
      <h4 id={headingId}>{texts.record}</h4>
      <p>
        {texts.summary(packet.taken, packet.count, formatYuan(packet.totalFen))}
        {leftFen !== undefined && packet.state === 'open' && `, ${texts.remaining(formatYuan(leftFen))}`}
      </p>
      {packet.takenInMs !== null && (
        <p>{texts.takenIn(packet.count, (packet.takenInMs / 1000).toFixed(1))}</p>
      )}
      <PacketEnd packet={packet} />
      {grabs === null && <p class="hint">{texts.recordHidden}</p>}
      {grabs?.length === 0 && <p class="hint">{packet.state === 'open' ? texts.nobodyYet : texts.nobody}</p>}
      <ol class="rows">
        {(grabs ?? []).map((grab) => {
          const name = nameOf(grab.userId);
          return (
            <li key={grab.shareIndex} class="row row-static">
              <Avatar id={people.get(grab.userId)?.username ?? grab.userId} name={name} />
              <span class="row-main">
                <span class="row-title">
                  {name}
                  {grab.userId === me.userId && ` (${peopleTexts.you})`}
                </span>
                <span class="row-sub">{formatTime(grab.timeMs, session.serverNowMs(), language)}</span>
                {grab.thanks !== null && <span class="row-sub packet-note">{grab.thanks}</span>}
              </span>
              <span class="row-side">
                <span class="amount">¥{formatYuan(grab.amountFen)}</span>
                {isDrawn && packet.luckiest === grab.userId && <span class="luckiest">{texts.luckiest}</span>}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
