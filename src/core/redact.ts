const HIDDEN = "[redacted]";
/** Levels of nesting that are kept; a log line is no database. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 200;
const MAX_TEXT = 8_192;
const MARGIN = 512;
const MAX_CAUSES = 8;

/** A key that ends so names something that must not be printed, at any depth. */
const SECRET_KEY =
  /(?:secrets?|tokens?|password|passwd|pwd|passphrase|authorization|cookie|credentials?|creds|seeds?|mnemonic|jwt|(?:api|private|signing|master)[-_]?keys?)(?:[-_]?(?:pem|hex|base64|text|value))?$/i;
/** Under such a key a text of 32 bytes in hex is taken for a private key; under `hash` it is not. */
const KEY_HOLDER = /(?:key|signer|account|wallet|priv\w{0,8}|pk|sk)$/i;
const PUBLIC_KEY = /public[-_]?key$/i;
const HEX_32 = /^(?:0x)?[0-9a-f]{64}$/i;

/** Secrets that can be told from their form or from the words before them, wherever in a text they stand. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // PEM private keys (RFC 7468), those that were cut off too.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    HIDDEN,
  ],
  // NATS seeds (nkeys): S, the kind (user, account, operator, server, cluster, curve), base32.
  [/(?<![A-Za-z0-9])S[UAONCX][A-Z2-7]{40,}/g, HIDDEN],
  // JSON Web Tokens (RFC 7519).
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, HIDDEN],
  // user:password@ in a URL.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>]{1,512}@/gi, `$1${HIDDEN}@`],
  // ?token=… and its like.
  [
    /([?&;][\w.-]{0,64}?(?:token|secret|password|pwd|signature|sig|credential|key|auth|code)=)[^&\s"'<>#]+/gi,
    `$1${HIDDEN}`,
  ],
  [
    /\b(authorization["']?\s{0,4}[:=]\s{0,4}["']?)(?:(?:bearer|basic|digest|token)\s{1,4})?[^\s"',]+/gi,
    `$1${HIDDEN}`,
  ],
  [/\b(bearer)\s{1,4}[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  // name=value and "name": "value" where the name says it.
  [
    /((?:secret|token|password|passphrase|mnemonic|seed|private[-_ ]?key|api[-_ ]?key)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;}{&[]{4,}/gi,
    `$1${HIDDEN}`,
  ],
  [
    /((?:private[-_ ]?key|secret|seed)\b[^\n]{0,40}?)(?<![0-9a-f])(?:0x)?[0-9a-f]{64}(?![0-9a-f])/gi,
    `$1${HIDDEN}`,
  ],
];

/** Text without secrets that their form gives away: PEM keys, NATS seeds, tokens, URL credentials. */
export const redactText = (text: string): string => {
  const long = text.length > MAX_TEXT;
  let result = long ? text.slice(0, MAX_TEXT + MARGIN) : text;
  for (const [pattern, replacement] of PATTERNS) result = result.replace(pattern, replacement);
  // The margin goes: a secret that the cut broke in two may have kept its form from being seen.
  return long ? `${result.slice(0, Math.max(0, result.length - MARGIN))}…` : result;
};

/**
 * A plain copy that is safe to print: secrets hidden by the name of their key and by their form, errors with
 * code and causes, bigints as text, bytes by their length. Never throws; cycles and depth are cut.
 */
export const redact = (value: unknown): unknown => copy(value, 0, new Set());

const copy = (value: unknown, depth: number, above: Set<object>): unknown => {
  switch (typeof value) {
    case "string":
      return redactText(value);
    case "bigint":
      return value.toString();
    case "function":
    case "symbol":
      return `[${typeof value}]`;
    case "object":
      return value === null ? null : copyObject(value, depth, above);
    default:
      return value;
  }
};

const copyObject = (value: object, depth: number, above: Set<object>): unknown => {
  if (above.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[deep]";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  above.add(value);
  try {
    if (value instanceof Error) return copyError(value, depth, above);
    if (value instanceof Map) return copyEntries([...value], depth, above);
    if (value instanceof Set) return copyList([...value], depth, above);
    if (Array.isArray(value)) return copyList(value, depth, above);
    if (value instanceof URL) return redactText(value.href);
    if ("toJSON" in value && typeof value.toJSON === "function")
      return copy(value.toJSON(), depth + 1, above);
    return copyEntries(Object.entries(value), depth, above);
  } catch {
    // A getter or toJSON of a stranger's object threw.
    return "[unreadable]";
  } finally {
    above.delete(value);
  }
};

const copyList = (list: readonly unknown[], depth: number, above: Set<object>): unknown[] => {
  const kept = list.slice(0, MAX_ITEMS).map((item) => copy(item, depth + 1, above));
  return list.length > MAX_ITEMS ? [...kept, `[${list.length - MAX_ITEMS} more]`] : kept;
};

const copyEntries = (
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
  above: Set<object>,
): unknown => {
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries.slice(0, MAX_ITEMS)) {
    const name = redactText(String(key));
    result[name] = isSecret(name, value) ? HIDDEN : copy(value, depth + 1, above);
  }
  return result;
};

const isSecret = (name: string, value: unknown): boolean => {
  if (value === null || value === undefined || typeof value === "boolean") return false;
  if (SECRET_KEY.test(name)) return true;
  return (
    typeof value === "string" &&
    HEX_32.test(value) &&
    KEY_HOLDER.test(name) &&
    !PUBLIC_KEY.test(name)
  );
};

const copyError = (error: Error, depth: number, above: Set<object>): unknown => {
  const chain: unknown[] = [];
  const seen = new Set<unknown>([error]);
  let cause: unknown = error.cause;
  while (cause !== undefined && cause !== null && !seen.has(cause) && chain.length < MAX_CAUSES) {
    seen.add(cause);
    chain.push(cause instanceof Error ? copyOneError(cause) : copy(cause, depth + 1, above));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const inner =
    error instanceof AggregateError ? { errors: copyList(error.errors, depth, above) } : {};
  return { ...copyOneError(error), ...inner, ...(chain.length > 0 ? { causes: chain } : {}) };
};

const copyOneError = (error: Error): Record<string, unknown> => ({
  name: error.name,
  ...("code" in error && ["string", "number"].includes(typeof error.code)
    ? { code: error.code }
    : {}),
  message: redactText(error.message),
  ...(error.stack === undefined ? {} : { stack: redactText(stackFrames(error)) }),
});

/** The stack without its first lines, which repeat the message. */
const stackFrames = (error: Error): string =>
  (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 20)
    .map((line) => line.trim())
    .join("\n");
