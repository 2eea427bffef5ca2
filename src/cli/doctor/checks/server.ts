import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning, wordsOf } from '../finding.ts';
import { isJsonObject, isTextOrMissing } from '../json-shapes.ts';

/** Whether a server runs on the data folder, and what it says of itself. */
export const serverCheck: Check = {
  name: 'server',
  async look({ settings, folder }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    switch (folder.kind) {
      case 'unknown':
        return [skipped('Whether a server runs cannot be told: the lock of the data folder cannot be read.')];
      case 'busy':
        return [
          warning(
            'A hongbao is at work on the data folder, and is starting, stopping, or a command with engines of its own.',
            'Look again in a moment.',
          ),
        ];
      case 'free':
        return [
          ok(
            folder.leftovers
              ? 'No server runs on the data folder. The last one was killed; the next start cleans up.'
              : 'No server runs on the data folder.',
          ),
        ];
      case 'serving': {
        const { httpUrl, pid } = folder.endpoints;
        return judgeReadiness(`The server at ${httpUrl} (process ${pid})`, await readiness(httpUrl));
      }
    }
  },
};

interface ReadinessBody {
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

const isReadinessBody = (body: unknown): body is ReadinessBody =>
  isJsonObject(body) && isJsonObject(body.checks) && Object.values(body.checks).every(isCheck);

const isCheck = (check: unknown): boolean =>
  isJsonObject(check) && typeof check.ok === 'boolean' && isTextOrMissing(check.detail);

export type Readiness =
  | { readonly kind: 'silent'; readonly why: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failing'; readonly checks: readonly string[] };

async function readiness(httpUrl: string): Promise<Readiness> {
  try {
    const answer = await fetch(`${httpUrl}/health/ready`);
    if (answer.ok) return { kind: 'ready' };
    const body: unknown = await answer.json();
    if (!isReadinessBody(body)) return { kind: 'failing', checks: [`status ${answer.status}`] };
    const failed = Object.entries(body.checks).filter(([, check]) => !check.ok);
    return { kind: 'failing', checks: failed.map(([name, { detail }]) => `${name}: ${detail ?? 'failing'}`) };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { kind: 'silent', why: wordsOf(cause) };
  }
}

export function judgeReadiness(who: string, found: Readiness): readonly Finding[] {
  if (found.kind === 'ready') return [ok(`${who} is ready.`)];
  if (found.kind === 'silent') {
    return [
      problem(
        `${who} does not answer: ${found.why}.`,
        'Its log says why; the supervisor starts what has died again. If it does not, restart it.',
      ),
    ];
  }
  return found.checks.map((check) =>
    problem(
      `${who} is not ready: ${check}.`,
      'docs/operations.md ("Health") says what to do about each check.',
    ),
  );
}
