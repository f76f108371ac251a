/** Characters of a form that are too few to look for: they would be found by chance. */
const MIN_FORM = 8;

const base64Forms = (value: string): readonly string[] => {
  const bytes = Buffer.from(value, "utf8");
  // Inside a longer text, as in Basic credentials, the secret begins at any of three places of a group.
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // Without the characters at the edges that carry bits of the bytes beside it.
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    const inner = text.slice(Math.ceil((offset * 8) / 6), end);
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
};

/**
 * Texts in which a secret may come back by accident: as it is, in JSON, in a URL or form, in base64 (also inside Basic
 * credentials), in hex. Who is trusted with a secret and wants to hide it in an answer can; this is against echoes.
 */
export const secretForms = (value: string): readonly string[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const hex = Buffer.from(value, "utf8").toString("hex");
  const forms = [
    value,
    json,
    json.replaceAll("/", "\\/"),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice("v=".length),
    ...base64Forms(value),
    hex,
    hex.toUpperCase(),
  ];
  return [...new Set(forms)].filter((form) => form.length >= MIN_FORM);
};
