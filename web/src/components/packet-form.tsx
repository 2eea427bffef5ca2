import { useState } from 'preact/hooks';
import { domainLimits } from '../../../src/domain/domain-limits.ts';
import { type ConversationId, parseConversationId, type UserId } from '../../../src/domain/ids.ts';
import { formatYuan } from '../../../src/domain/money.ts';
import { type PacketCover, type PacketKind, packetCovers } from '../../../src/domain/packet/packet-terms.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import { useAction } from '../hooks/use-action.ts';
import { useParticipants } from '../hooks/use-participants.ts';
import { useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { type DraftProblem, draftPacket } from '../packet/packet-draft.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';
import { PersonPicker } from './person-picker.tsx';
import { Problem } from './problem.tsx';
import { Sheet } from './sheet.tsx';

const expirySeconds = { tenSeconds: 10, oneMinute: 60, oneDay: 86_400 } as const;
type Expiry = keyof typeof expirySeconds;

const kinds: readonly PacketKind[] = ['lucky', 'equal', 'exclusive'];
const expiries: readonly Expiry[] = ['tenSeconds', 'oneMinute', 'oneDay'];

/** Filling a red packet and sending it into a conversation. */
export function PacketForm({ conversationId, onClose }: { conversationId: ConversationId; onClose(): void }) {
  const { packet: texts } = useTexts();
  const session = useSession();
  const { balanceFen } = useSessionState();
  const { people } = useParticipants(conversationId);
  const isDirect = parseConversationId(conversationId)?.kind === 'direct';
  const [kind, setKind] = useState<PacketKind>('lucky');
  const [yuan, setYuan] = useState('');
  const [countText, setCountText] = useState(isDirect ? '1' : '3');
  const [receivers, setReceivers] = useState<readonly UserId[]>([]);
  const [greeting, setGreeting] = useState('');
  const [cover, setCover] = useState<PacketCover>('classic');
  const [phrase, setPhrase] = useState('');
  const [expiry, setExpiry] = useState<Expiry>('oneDay');
  const [sendPacket] = useState(() => session.packetSender());
  const [problem, setProblem] = useState<DraftProblem | undefined>(undefined);

  const chosen = isDirect ? people.map((person) => person.userId) : receivers;
  const draft = draftPacket({ kind, yuan, count: countText, receivers: chosen }, balanceFen);

  const send = useAction(async () => {
    if (!draft.ok) return;
    await sendPacket({
      conversationId,
      kind,
      totalFen: draft.totalFen,
      count: draft.count,
      ttlSeconds: expirySeconds[expiry],
      receivers: kind === 'exclusive' ? chosen : [],
      greeting: greeting.trim() || texts.defaultGreeting,
      cover,
      ...(phrase.trim() === '' ? {} : { phrase }),
    });
    onClose();
  });

  function submit(event: Event): void {
    event.preventDefault();
    setProblem(draft.ok ? undefined : draft.problem);
    if (draft.ok) void send.run();
  }

  return (
    <Sheet title={texts.heading} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        <Choice
          label={texts.kind}
          options={kinds.map((value) => ({ value, text: texts.kinds[value] }))}
          value={kind}
          onValue={(chosen) => setKind(chosen)}
        />
        <p class="hint">{texts.kindHints[kind]}</p>
        <Field
          label={kind === 'lucky' ? texts.totalYuan : texts.eachYuan}
          value={yuan}
          onValue={setYuan}
          input={{ inputMode: 'decimal', autoComplete: 'off', placeholder: '8.88', focusFirst: true }}
        />
        {!isDirect && kind !== 'exclusive' && (
          <Field
            label={texts.shares}
            value={countText}
            onValue={setCountText}
            input={{ inputMode: 'numeric', autoComplete: 'off' }}
          />
        )}
        {!isDirect && kind === 'exclusive' && (
          <PersonPicker label={texts.receivers} people={people} chosen={receivers} onChosen={setReceivers} />
        )}
        <Field
          label={texts.greeting}
          value={greeting}
          onValue={setGreeting}
          input={{ autoComplete: 'off', placeholder: texts.defaultGreeting, maxLength: bounds.greetingChars }}
        />
        <Choice
          label={texts.cover}
          options={packetCovers.map((value) => ({ value, text: texts.covers[value] }))}
          value={cover}
          onValue={(chosen) => setCover(chosen)}
        />
        <Field
          label={texts.phraseToSet}
          value={phrase}
          onValue={setPhrase}
          hint={texts.phraseHint}
          input={{ autoComplete: 'off', maxLength: domainLimits.packet.phraseCharsMax }}
        />
        <Choice
          label={texts.expires}
          options={expiries.map((value) => ({ value, text: texts.expiries[value] }))}
          value={expiry}
          onValue={(chosen) => setExpiry(chosen)}
        />
        <p class="packet-pay" aria-live="polite">
          {draft.ok ? texts.youPay(formatYuan(draft.totalFen)) : ''}
        </p>
        <Problem
          code={send.failure}
          text={problem !== undefined && !draft.ok ? texts.problems[draft.problem] : undefined}
        />
        <button type="submit" class="button-packet" disabled={send.busy}>
          {texts.send}
        </button>
      </form>
    </Sheet>
  );
}
