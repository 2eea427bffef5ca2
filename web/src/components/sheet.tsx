import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useTexts } from '../i18n/language-context.ts';

interface SheetProps {
  title: string;
  tone?: 'plain' | 'packet';
  onClose(): void;
  children: ComponentChildren;
}

/**
 * A dialog over one side of the page only: the other side stays in use, so it is not a modal one of the
 * browser's. What lies under it is inert (see workspace.tsx).
 */
export function Sheet({ title, tone = 'plain', onClose, children }: SheetProps) {
  const { app } = useTexts();
  const headingId = useId();
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const inside = panel.current;
    if (inside !== null && !inside.contains(document.activeElement)) inside.focus();
  }, []);

  return (
    <div class="sheet-backdrop">
      <div
        ref={panel}
        class={`sheet sheet-${tone}`}
        role="dialog"
        aria-labelledby={headingId}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      >
        <header class="sheet-header">
          <h3 id={headingId}>{title}</h3>
          <button type="button" class="button-icon" aria-label={app.close} onClick={onClose}>
            ×
          </button>
        </header>
        <div class="sheet-body">{children}</div>
      </div>
    </div>
  );
}
