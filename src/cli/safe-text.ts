/** Controls (Cc), with the colours of style.ts kept together, and the marks that turn the direction of text (Unicode TR 36). */
const UNSAFE = /\p{Cc}(?:\[(?:1|2|22|3[1236]|39)m)?|[\u202A-\u202E\u2066-\u2069]/gu;
const ESCAPE = "\u001B[";

/** Text that cannot steer a terminal: what could move the cursor, conceal or reverse becomes `�`; line feed and tab stay. */
export const toSafeText = (text: string): string =>
  text.replaceAll(UNSAFE, (whole) =>
    whole === "\n" || whole === "\t" || whole.startsWith(ESCAPE)
      ? whole
      : `\uFFFD${whole.slice(1)}`,
  );
