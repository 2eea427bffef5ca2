import { visible } from './visible.ts';

/** Text that is HTML already. Everything else is escaped when it gets into HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type HtmlValue = string | number | bigint | Html | undefined | readonly HtmlValue[];

/**
 * HTML from a template: what is filled in is escaped for text and for attributes in double quotes, unless it is
 * `Html`; lists are joined, `undefined` is nothing. Not for scripts, styles and addresses.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((text, index) => text + asText(values[index])).join(''));
}

function asText(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(asText).join('');
  return escaped(visible(String(value)));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
