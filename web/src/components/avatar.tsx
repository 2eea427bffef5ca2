const tones = 6;

/** A disc with the first letter of a name, in a tone that stays with the id. */
export function Avatar({ id, name, group = false }: { id: string; name: string; group?: boolean }) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9_973;
  const [letter = '?'] = name;
  return (
    <span class={`avatar avatar-tone-${sum % tones}${group ? ' avatar-group' : ''}`} aria-hidden="true">
      {letter.toUpperCase()}
    </span>
  );
}
