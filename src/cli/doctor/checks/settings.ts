import { secretVariables, settingsSchema } from '../../../config/settings.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem } from '../finding.ts';
import type { Environment } from '../world.ts';

/** Whether the settings make sense, and which were given. */
export const settingsCheck: Check = {
  name: 'settings',
  look: async ({ env, settingsProblems }) => judgeSettings(env, settingsProblems),
};

export function judgeSettings(env: Environment, problems: readonly string[]): readonly Finding[] {
  if (problems.length > 0) {
    return problems.map((sentence) =>
      problem(sentence, 'Correct the environment; docs/operations.md lists the settings.'),
    );
  }
  const known = Object.keys(settingsSchema);
  const given = known.filter((name) => env[name]);
  const details = given.map((name) => `${name} ${shown(name, env[name] ?? '')}, from the environment`);
  return [
    ok(
      given.length === 0
        ? 'No setting is given: all have their defaults.'
        : `${given.length} of ${known.length} settings are given; the others have their defaults.`,
      details,
    ),
  ];
}

function shown(name: string, value: string): string {
  return secretVariables.some((secret) => secret === name) ? 'is set (and not shown)' : `= ${value}`;
}
