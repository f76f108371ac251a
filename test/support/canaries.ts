/** Secrets by name that a test plants and looks for afterwards. */
export type Canaries = Readonly<Record<string, string>>;

const HEX = /^(?:0x)?([0-9a-f]{64})$/i;
/** A shorter piece would be found by chance. */
const MIN_PIECE = 10;

/** Base64 of the text at each of the three places that it may begin in a longer one, without the ends that vary. */
const base64Forms = (text: string): string[] =>
  [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64");
    const piece = encoded.slice(offset === 0 ? 0 : 4, encoded.length - 4);
    return [piece, piece.replaceAll("+", "-").replaceAll("/", "_")];
  });

/** Every form in which a secret may leave: as it is, encoded, in halves. */
const formsOf = (secret: string): Buffer[] => {
  const hex = HEX.exec(secret)?.[1];
  const bytes = Buffer.from(secret);
  const texts = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    secret.toUpperCase(),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    Buffer.from(bytes.toReversed()).toString(),
    secret.slice(0, Math.ceil(secret.length / 2)),
    secret.slice(Math.floor(secret.length / 2)),
    ...base64Forms(secret),
    ...(hex ? [hex, BigInt(`0x${hex}`).toString()] : []),
  ].filter((text) => text.length >= MIN_PIECE);
  return [
    ...[...new Set(texts)].map((text) => Buffer.from(text)),
    ...[...new Set(texts)].map((text) => Buffer.from(text, "utf16le")),
    ...(hex ? [Buffer.from(hex, "hex")] : []),
  ];
};

/** Looks for canaries in bytes of any kind; answers with their names. */
export const createCanaryFinder = (
  canaries: Canaries,
): ((content: string | Uint8Array) => readonly string[]) => {
  const all = Object.entries(canaries).map(([name, secret]) => ({ name, forms: formsOf(secret) }));
  return (content) => {
    const bytes = Buffer.from(content);
    return all
      .filter(({ forms }) => forms.some((form) => bytes.includes(form)))
      .map(({ name }) => name);
  };
};
