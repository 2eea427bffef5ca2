import { useRef } from 'preact/hooks';

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly text: string;
  /** A number that waits for attention, and the same in words. */
  readonly count: number;
  readonly countText: string;
}

interface TabsProps<Id extends string> {
  label: string;
  /** Ids of tab and panel begin with it. */
  idPrefix: string;
  tabs: readonly Tab<Id>[];
  selected: Id;
  onSelect(id: Id): void;
}

/** A row of tabs: one is in the tab order, the arrow keys move between them. */
export function Tabs<Id extends string>({ label, idPrefix, tabs, selected, onSelect }: TabsProps<Id>) {
  const row = useRef<HTMLDivElement>(null);

  function move(step: number): void {
    const index = tabs.findIndex((tab) => tab.id === selected);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onSelect(next.id);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  }

  return (
    <div
      ref={row}
      class="tabs"
      role="tablist"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === 'ArrowRight') move(1);
        if (event.key === 'ArrowLeft') move(-1);
      }}
    >
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`${idPrefix}-tab-${tab.id}`}
          data-tab={tab.id}
          aria-selected={tab.id === selected}
          aria-controls={`${idPrefix}-panel`}
          tabIndex={tab.id === selected ? 0 : -1}
          onClick={() => onSelect(tab.id)}
        >
          {tab.text}
          {tab.count > 0 && (
            <>
              <span class="badge" aria-hidden="true">
                {tab.count}
              </span>
              <span class="visually-hidden">{tab.countText}</span>
            </>
          )}
        </button>
      ))}
    </div>
  );
}
