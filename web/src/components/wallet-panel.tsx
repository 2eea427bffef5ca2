import { useId } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import { useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Statement } from './statement.tsx';
import { TopUp } from './top-up.tsx';

/** Balance, top-up and statement. */
export function WalletPanel() {
  const { wallet: texts } = useTexts();
  const { balanceFen } = useSessionState();
  const headingId = useId();
  return (
    <>
      <section class="block wallet-balance" aria-labelledby={headingId}>
        <h3 id={headingId}>{texts.balance}</h3>
        <p class="wallet-amount" role="status">
          {balanceFen === undefined ? '¥ –' : `¥${formatYuan(balanceFen)}`}
        </p>
        <TopUp />
      </section>
      <Statement />
    </>
  );
}
