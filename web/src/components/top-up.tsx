import { useState } from 'preact/hooks';
import { formatYuan, parseYuan } from '../../../src/domain/money.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Field } from './field.tsx';
import { Problem } from './problem.tsx';

const quickFen = 10_000;

/** Putting sandbox money into the wallet. */
export function TopUp() {
  const { wallet: texts, packet } = useTexts();
  const session = useSession();
  const [yuan, setYuan] = useState('');
  const [isUnreadable, setUnreadable] = useState(false);
  const [deposit] = useState(() => session.depositor());
  const topUp = useAction(deposit);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const amountFen = parseYuan(yuan.trim());
    const unreadable = amountFen === undefined || amountFen === 0;
    setUnreadable(unreadable);
    if (!unreadable && (await topUp.run(amountFen))) setYuan('');
  }

  return (
    <>
      <form class="form form-inline" onSubmit={(event) => void submit(event)}>
        <Field
          label={texts.amount}
          value={yuan}
          onValue={setYuan}
          input={{ inputMode: 'decimal', autoComplete: 'off', placeholder: '88.88' }}
        />
        <button type="submit" disabled={topUp.busy}>
          {texts.topUp}
        </button>
        <button
          type="button"
          class="button-primary"
          disabled={topUp.busy}
          onClick={() => void topUp.run(quickFen)}
        >
          {texts.topUpQuick(formatYuan(quickFen))}
        </button>
      </form>
      <p class="hint">{texts.topUpHint}</p>
      <Problem code={topUp.failure} text={isUnreadable ? packet.problems.amount : undefined} />
    </>
  );
}
