import type { Language } from '../i18n/language.ts';
import { localeOf } from '../i18n/language.ts';

const dayMs = 86_400_000;

/** The clock time for something of the last day, else date and time. */
export function formatTime(timeMs: number, nowMs: number, language: Language): string {
  const date: Intl.DateTimeFormatOptions = nowMs - timeMs < dayMs ? {} : { month: 'short', day: 'numeric' };
  const options: Intl.DateTimeFormatOptions = { ...date, hour: '2-digit', minute: '2-digit', hour12: false };
  return new Intl.DateTimeFormat(localeOf[language], options).format(timeMs);
}

/** What is left until something, as "9 s", "1:05" or "23:59:10". Whole seconds, rounded up; never below 0. */
export function formatCountdown(leftMs: number): string {
  const total = Math.max(0, Math.ceil(leftMs / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  const two = (part: number) => String(part).padStart(2, '0');
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`;
  return minutes > 0 ? `${minutes}:${two(seconds)}` : `${seconds} s`;
}
