import type { ComponentChildren } from 'preact';

/** What stands where there is nothing yet: a sentence, and what to do next. */
export function Empty({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}
