import type { MoneyTerms } from '../../../domain/ledger/money-rules.ts';
import { imbalanceFen } from '../../../domain/ledger/money-rules.ts';
import { type Segment, type Series, stackedBar } from './charts.ts';
import { type Html, html } from './html.ts';
import { yuan } from './units.ts';

interface Term {
  readonly label: string;
  readonly fen: number;
  readonly series: Series;
}

/** Rule 1, drawn: what is held, and what should be, to one scale, over a table of the terms. */
export function moneySection(terms: MoneyTerms): Html {
  const held: readonly Term[] = [
    { label: 'In wallets', fen: terms.walletsFen, series: 1 },
    { label: 'Under way to packets', fen: terms.fundsUnderWayFen, series: 2 },
    { label: 'In open packets', fen: terms.openPacketsFen, series: 3 },
    { label: 'Credits under way', fen: terms.creditsUnderWayFen, series: 4 },
  ];
  const dueFen = terms.depositedFen - terms.withdrawnFen;
  const heldFen = held.reduce((sum, { fen }) => sum + fen, 0);
  const due: readonly Term[] = [
    { label: 'Deposited less withdrawn', fen: dueFen, series: 1 },
    { label: 'Withdrawn', fen: terms.withdrawnFen, series: 2 },
  ];
  const drawnFen = held.reduce((sum, { fen }) => sum + Math.max(0, fen), 0);
  const scale = Math.max(terms.depositedFen, drawnFen);
  const difference = imbalanceFen(terms);
  return html`<section aria-labelledby="money"><h2 id="money">Money: held and due</h2>
<p class="quiet">Rule 1: what is held must be what was deposited less what was withdrawn. Both bars have one scale.</p>
<h3>Held</h3>${stackedBar(inWords('Held', held), held.map(segment), scale)}${legend(held)}
<h3>Deposited</h3>${stackedBar(inWords('Deposited', due), due.map(segment), scale)}${legend(due)}
<details open><summary>The terms</summary><table>
<thead><tr><th scope="col">Term</th><th scope="col" class="number">Yuan</th></tr></thead><tbody>
${held.map(({ label, fen }) => row(label, fen))}
${row('Held', heldFen, 'total')}
${row('Deposited', terms.depositedFen)}
${row('Withdrawn', -terms.withdrawnFen)}
${row('Due', dueFen, 'total')}
${row(difference === 0 ? 'Held less due: nothing is missing or too much' : 'Held less due', difference, 'total')}
</tbody></table></details></section>`;
}

function segment({ label, fen, series }: Term): Segment {
  return { label: `${label}: ${yuan(fen)} yuan`, value: fen, series };
}

function legend(terms: readonly Term[]): Html {
  return html`<div class="legend">${terms.map(
    ({ label, series }) =>
      html`<span><span class="swatch b${series}" aria-hidden="true"></span>${label}</span>`,
  )}</div>`;
}

function inWords(name: string, terms: readonly Term[]): string {
  return `${name}: ${terms.map(({ label, fen }) => `${label} ${yuan(fen)} yuan`).join(', ')}`;
}

function row(label: string, fen: number, className = ''): Html {
  return html`<tr class="${className}"><th scope="row">${label}</th><td class="number">${yuan(fen)}</td></tr>`;
}
