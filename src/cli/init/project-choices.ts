/** What a package can begin as. */
export const TEMPLATES = [
  { name: "feed", says: "a decimal feed of two public sources over HTTP" },
  { name: "record", says: "named fields of one record, read with a secret" },
  { name: "contract", says: "what a contract should do, by its own state on a chain" },
  { name: "action", says: "something done outside, once: a POST with an idempotency key" },
] as const;
export const TEMPLATE_NAMES = ["feed", "record", "contract", "action"] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** Languages that templates are in. */
export const TEMPLATE_LANGUAGES = ["ts", "js"] as const;
export type TemplateLanguage = (typeof TEMPLATE_LANGUAGES)[number];
