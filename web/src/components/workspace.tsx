import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ConversationId, PacketId } from '../../../src/domain/ids.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { ConnectionStopped } from './connection-stopped.tsx';
import { Conversation } from './conversation.tsx';
import { FriendsPanel } from './friends-panel.tsx';
import { Inbox } from './inbox.tsx';
import { LoadFailure } from './load-failure.tsx';
import { PacketForm } from './packet-form.tsx';
import { PacketSheet } from './packet-sheet.tsx';
import { PaneHeader } from './pane-header.tsx';
import { SessionEnded } from './session-ended.tsx';
import { StatusBar } from './status-bar.tsx';
import { type Tab, Tabs } from './tabs.tsx';
import { WalletPanel } from './wallet-panel.tsx';

type TabId = 'chats' | 'friends' | 'wallet';

/** What lies over the rest of the side. */
type Overlay =
  | { readonly kind: 'packet'; readonly packetId: PacketId }
  | { readonly kind: 'send-packet'; readonly conversationId: ConversationId };

/** A side with somebody signed in: three tabs, a conversation over them, and a sheet over it all. */
export function Workspace({ onLeave }: { onLeave(): void }) {
  const texts = useTexts();
  const session = useSession();
  const { me, connection } = useSessionState();
  const name = useNames()(me.userId);
  const [tab, setTab] = useState<TabId>('chats');
  const [conversationId, setConversationId] = useState<ConversationId | undefined>(undefined);
  const [overlay, setOverlay] = useState<Overlay | undefined>(undefined);
  const opener = useRef<Element | null>(null);
  const idPrefix = useId();
  const tabs = useTabs();

  useEffect(() => {
    session.setActive(conversationId);
    return () => session.setActive(undefined);
  }, [session, conversationId]);

  // Back to where the user was, once nothing lies over it any more.
  useEffect(() => {
    if (overlay === undefined && opener.current instanceof HTMLElement) opener.current.focus();
  }, [overlay]);

  function open(next: Overlay): void {
    opener.current = document.activeElement;
    setOverlay(next);
  }
  function show(id: TabId): void {
    setConversationId(undefined);
    setTab(id);
  }
  const close = () => setOverlay(undefined);

  return (
    <section class="pane" aria-label={texts.app.sideOf(name)}>
      <div class="pane-content" inert={overlay !== undefined}>
        <PaneHeader onLeave={onLeave} onWallet={() => show('wallet')} />
        <LoadFailure />
        {connection.kind === 'ended' && <SessionEnded onLeave={onLeave} />}
        {connection.kind === 'stopped' && <ConnectionStopped />}
        {conversationId === undefined ? (
          <>
            <Tabs
              label={texts.pane.sections}
              idPrefix={idPrefix}
              tabs={tabs}
              selected={tab}
              onSelect={(chosen) => setTab(chosen)}
            />
            <div
              class="panel"
              role="tabpanel"
              id={`${idPrefix}-panel`}
              aria-labelledby={`${idPrefix}-tab-${tab}`}
            >
              {tab === 'chats' && <Inbox onOpen={setConversationId} onFriends={() => show('friends')} />}
              {tab === 'friends' && <FriendsPanel onOpen={setConversationId} />}
              {tab === 'wallet' && <WalletPanel />}
            </div>
          </>
        ) : (
          <Conversation
            key={conversationId}
            id={conversationId}
            onBack={() => setConversationId(undefined)}
            onOpenPacket={(packetId) => open({ kind: 'packet', packetId })}
            onSendPacket={() => open({ kind: 'send-packet', conversationId })}
          />
        )}
      </div>
      {overlay?.kind === 'packet' && <PacketSheet packetId={overlay.packetId} onClose={close} />}
      {overlay?.kind === 'send-packet' && (
        <PacketForm conversationId={overlay.conversationId} onClose={close} />
      )}
      <StatusBar />
    </section>
  );
}

function useTabs(): readonly Tab<TabId>[] {
  const { pane } = useTexts();
  const { inbox, requests } = useSessionState();
  const unread = (inbox ?? []).reduce((sum, entry) => sum + entry.unread, 0);
  const waiting = (requests ?? []).filter((request) => request.direction === 'incoming').length;
  return [
    { id: 'chats', text: pane.chats, count: unread, countText: pane.unread(unread) },
    { id: 'friends', text: pane.friends, count: waiting, countText: pane.waitingRequests(waiting) },
    { id: 'wallet', text: pane.wallet, count: 0, countText: '' },
  ];
}
