import type { TargetedInputEvent } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface FieldProps {
  label: string;
  value: string;
  onValue(value: string): void;
  hint?: string;
  input?: InputOptions;
}

/** What a field's input may be told beyond its label and value. */
interface InputOptions {
  readonly type?: 'text' | 'password';
  readonly inputMode?: 'decimal' | 'numeric';
  readonly autoComplete?: 'off' | 'username' | 'nickname' | 'current-password' | 'new-password';
  /** For names that are no words: no capitals, no spelling marks. */
  readonly isIdentifier?: boolean;
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly required?: boolean;
  /** Takes the focus when it appears. */
  readonly focusFirst?: boolean;
}

/** A labelled line of text. */
export function Field({ label, value, onValue, hint, input = {} }: FieldProps) {
  const { isIdentifier = false, focusFirst = false, type = 'text', ...attributes } = input;
  const id = useId();
  const element = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focusFirst) element.current?.focus();
  }, [focusFirst]);
  const shared = {
    ...attributes,
    ...(isIdentifier ? { autoCapitalize: 'none' as const, spellcheck: false } : {}),
    ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }),
    ref: element,
    id,
    value,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? <input {...shared} type="password" /> : <input {...shared} type="text" />}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
