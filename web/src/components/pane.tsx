import { useId } from 'preact/hooks';
import { CurrentSession } from '../hooks/use-session.ts';
import { useSide } from '../hooks/use-side.ts';
import { useTexts } from '../i18n/language-context.ts';
import type { Side } from '../platform/side-storage.ts';
import { ResumeFailure } from './resume-failure.tsx';
import { SignIn } from './sign-in.tsx';
import { Workspace } from './workspace.tsx';

/** One side of the page: whoever is signed in on it, independent of the other side. */
export function Pane({ side }: { side: Side }) {
  const { app } = useTexts();
  const controls = useSide(side);
  const headingId = useId();
  const { state } = controls;
  if (state.kind === 'signed-in') {
    return (
      <CurrentSession.Provider value={state.session}>
        <Workspace onLeave={controls.leave} />
      </CurrentSession.Provider>
    );
  }
  return (
    <section class="pane" aria-label={app[side]} aria-busy={state.kind === 'starting'}>
      {state.kind === 'failed' && <ResumeFailure code={state.code} onAgain={state.again} />}
      {state.kind === 'signed-out' && <SignIn controls={controls} headingId={headingId} />}
    </section>
  );
}
