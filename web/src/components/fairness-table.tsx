import { formatYuan } from '../../../src/domain/money.ts';
import type { FairnessCheck } from '../../../src/domain/packet/fairness.ts';
import { useTexts } from '../i18n/language-context.ts';

/** What was computed from the seed beside what was granted, line by line. */
export function FairnessTable({ checks, seed }: { checks: readonly FairnessCheck[]; seed: string }) {
  const { packet: texts } = useTexts();
  const allOk = checks.every((check) => check.ok);
  return (
    <div class="fairness">
      <p class={allOk ? 'fairness-ok' : 'problem'} role="status">
        {allOk ? texts.verified : texts.notVerified}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.check}</th>
            <th scope="col">{texts.expected}</th>
            <th scope="col">{texts.actual}</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {checks.map((check) => (
            <tr key={`${check.check}-${check.shareIndex ?? ''}`}>
              <th scope="row">
                {check.shareIndex === undefined
                  ? texts.checks[check.check]
                  : texts.share(check.shareIndex + 1)}
              </th>
              <td>{display(check, check.expected)}</td>
              <td>{display(check, check.actual)}</td>
              <td>
                <span role="img" aria-label={check.ok ? texts.matches : texts.differs}>
                  {check.ok ? '✓' : '✗'}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="seed">
        {texts.seed} <code>{seed}</code>
      </p>
    </div>
  );
}

/** Amounts in yuan, hashes by their beginning. That the shares are in order, the tick says alone. */
function display({ check }: FairnessCheck, value: string): string {
  const isAmount = (check === 'share-amount' || check === 'sum') && /^[0-9]+$/.test(value);
  if (isAmount) return `¥${formatYuan(Number(value))}`;
  if (check === 'shares-in-order') return '';
  return check === 'commitment' ? `${value.slice(0, 12)}…` : value;
}
