import type { UserId } from '../../../src/domain/ids.ts';

interface PersonPickerProps {
  label: string;
  people: readonly { readonly userId: UserId; readonly name: string }[];
  chosen: readonly UserId[];
  onChosen(chosen: readonly UserId[]): void;
}

/** Some of a list of people. */
export function PersonPicker({ label, people, chosen, onChosen }: PersonPickerProps) {
  const toggle = (userId: UserId, isChosen: boolean) =>
    onChosen(isChosen ? [...chosen, userId] : chosen.filter((other) => other !== userId));
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-options">
        {people.map(({ userId, name }) => (
          <label key={userId} class="choice-option">
            <input
              type="checkbox"
              checked={chosen.includes(userId)}
              onChange={(event) => toggle(userId, event.currentTarget.checked)}
            />
            <span>{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
