import { formatYuan } from '../../../src/domain/money.ts';
import { useNames, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Avatar } from './avatar.tsx';

/** Who this side is, what it has; and the way to be somebody else. */
export function PaneHeader({ onLeave, onWallet }: { onLeave(): void; onWallet(): void }) {
  const { pane } = useTexts();
  const { me, balanceFen } = useSessionState();
  const name = useNames()(me.userId);
  return (
    <header class="pane-header">
      <Avatar id={me.username ?? me.userId} name={name} />
      <div class="pane-who">
        <h2>{name}</h2>
        {me.username !== null && <p class="hint">@{me.username}</p>}
      </div>
      <button type="button" class="balance" onClick={onWallet}>
        <span class="visually-hidden">{pane.balance} </span>
        {balanceFen === undefined ? '¥ –' : `¥${formatYuan(balanceFen)}`}
      </button>
      <button type="button" class="button-quiet" onClick={onLeave}>
        {pane.switchPerson}
      </button>
    </header>
  );
}
