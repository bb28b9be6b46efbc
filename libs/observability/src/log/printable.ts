/**
 * What can break a line, move a cursor or turn text round: controls (Cc), formats such as bidi marks (Cf), the line and
 * paragraph separators (Zl, Zp), and halves of surrogate pairs (Cs).
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text on one line, with nothing invisible in it: such characters become `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, escapeUnits);
}

/** `printable`, of the first `limit` UTF-16 units; a cut shows as an ellipsis. */
export function excerpt(text: string, limit: number): string {
  return text.length > limit ? `${printable(text.slice(0, limit))}…` : printable(text);
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let i = 0; i < character.length; i++) {
    escaped += '\\u' + character.charCodeAt(i).toString(16).padStart(4, '0');
  }
  return escaped;
}
