import { useId, useState } from 'preact/hooks';
import type { ConversationId, UserId } from '../../../src/domain/ids.ts';
import { bounds } from '../../../src/protocol/bounds.ts';
import { useAction } from '../hooks/use-action.ts';
import { useNames, useSession, useSessionState } from '../hooks/use-session.ts';
import { useTexts } from '../i18n/language-context.ts';
import { Field } from './field.tsx';
import { PersonPicker } from './person-picker.tsx';
import { Problem } from './problem.tsx';

/** Making a group of friends, and opening it. Nothing while there are no friends to make one of. */
export function NewGroup({ onOpen }: { onOpen(id: ConversationId): void }) {
  const { friends: texts } = useTexts();
  const session = useSession();
  const { friends } = useSessionState();
  const nameOf = useNames();
  const headingId = useId();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly UserId[]>([]);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const create = useAction(async () => onOpen(await session.createGroup(name.trim(), chosen)));

  if (friends === undefined || friends.length === 0) return null;
  const people = friends.map(({ user }) => ({ userId: user.userId, name: nameOf(user.userId) }));

  function submit(event: Event): void {
    event.preventDefault();
    const missing =
      name.trim() === '' ? texts.nameNeeded : chosen.length === 0 ? texts.chooseMembers : undefined;
    setProblem(missing);
    if (missing === undefined) void create.run();
  }

  return (
    <section class="block" aria-labelledby={headingId}>
      <h3 id={headingId}>{texts.newGroup}</h3>
      <form class="form" onSubmit={submit}>
        <Field
          label={texts.groupName}
          value={name}
          onValue={setName}
          input={{ autoComplete: 'off', maxLength: bounds.groupNameChars }}
        />
        <PersonPicker label={texts.groupMembers} people={people} chosen={chosen} onChosen={setChosen} />
        <Problem code={create.failure} text={problem} />
        <button type="submit" disabled={create.busy}>
          {texts.createGroup}
        </button>
      </form>
    </section>
  );
}
