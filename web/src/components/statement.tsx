import { useId } from 'preact/hooks';
import { formatYuan } from '../../../src/domain/money.ts';
import { formatTime } from '../format/time.ts';
import { useAction } from '../hooks/use-action.ts';
import { useSession, useSessionState } from '../hooks/use-session.ts';
import { useLanguage, useTexts } from '../i18n/language-context.ts';
import { Empty } from './empty.tsx';
import { Problem } from './problem.tsx';

/** Every movement of the wallet, newest first. */
export function Statement() {
  const { app, wallet: texts } = useTexts();
  const language = useLanguage();
  const session = useSession();
  const { statement, statementNext, loadFailure } = useSessionState();
  const older = useAction(session.loadOlderStatement);
  const headingId = useId();
  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.statement}</h3>
      {statement === undefined && loadFailure === undefined && <p class="hint">{app.loading}</p>}
      {statement?.length === 0 && <Empty text={texts.empty} />}
      <ul class="rows">
        {(statement ?? []).map((entry) => (
          <li key={entry.entryNo} class="row row-static">
            <span class="row-main">
              <span class="row-title">{texts.kinds[entry.kind]}</span>
              <span class="row-sub">{formatTime(entry.timeMs, session.serverNowMs(), language)}</span>
            </span>
            <span class="row-side">
              <span class={`amount ${entry.amountFen < 0 ? 'amount-out' : 'amount-in'}`}>
                {entry.amountFen < 0 ? '' : '+'}
                {formatYuan(entry.amountFen)}
              </span>
              <span class="row-time">{texts.after(formatYuan(entry.balanceFen))}</span>
            </span>
          </li>
        ))}
      </ul>
      <Problem code={older.failure} />
      {statementNext !== null && (
        <button type="button" class="button-quiet" disabled={older.busy} onClick={() => void older.run()}>
          {app.more}
        </button>
      )}
    </section>
  );
}
