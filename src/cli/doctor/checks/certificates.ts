import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Settings } from '../../../config/settings.ts';
import { limits } from '../../../config/limits.ts';
import type { Check } from '../check.ts';
import { type Finding, ok, problem, skipped, warning, wordsOf } from '../finding.ts';

/** Whether the certificates that the URLs of the engines name are there and good. */
export const certificatesCheck: Check = {
  name: 'certificates',
  async look({ settings, runtime }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    const files = certificateFiles(settings);
    if (files.length === 0) return [ok('The settings name no certificate.')];
    return files.map((file) => judgeCertificate(file, lookAt(file), runtime.clock.nowMs()));
  },
};

/** The files that ESDB_URL and DATABASE_URL name. */
export function certificateFiles({
  esdbUrl,
  databaseUrl,
}: Pick<Settings, 'esdbUrl' | 'databaseUrl'>): string[] {
  const wanted = ['tlscafile', 'usercertfile', 'sslrootcert', 'sslcert'];
  return [esdbUrl, databaseUrl].flatMap((url) => {
    const query = url?.split('?')[1] ?? '';
    return [...new URLSearchParams(query)]
      .filter(([name]) => wanted.includes(name.toLowerCase().replace(/[_-]/g, '')))
      .map(([, file]) => file);
  });
}

export type CertificateFacts =
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'certificate'; readonly fromMs: number; readonly untilMs: number };

function lookAt(file: string): CertificateFacts {
  try {
    const { validFromDate, validToDate } = new X509Certificate(readFileSync(file));
    return { kind: 'certificate', fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
  } catch (error) {
    return { kind: 'unreadable', why: wordsOf(error) };
  }
}

const dayMs = 86_400_000;

export function judgeCertificate(file: string, facts: CertificateFacts, nowMs: number): Finding {
  if (facts.kind === 'unreadable') {
    return problem(
      `${file} cannot be used: ${facts.why}.`,
      'Put the certificate (PEM) there, readable for hongbao, or correct the URL that names it.',
    );
  }
  const until = new Date(facts.untilMs).toISOString().slice(0, 10);
  if (nowMs < facts.fromMs)
    return problem(`${file} is not good yet.`, 'Set the clock, or use another certificate.');
  if (nowMs >= facts.untilMs)
    return problem(`${file} has ended on ${until}.`, 'Put a new certificate there.');
  const daysLeft = Math.floor((facts.untilMs - nowMs) / dayMs);
  if (daysLeft < limits.doctor.certificateDaysWarn) {
    return warning(`${file} ends on ${until}, in ${daysLeft} days.`, 'Put a new certificate there in time.');
  }
  return ok(`${file} is good until ${until}.`);
}
