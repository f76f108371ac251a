import { fabricError } from "../core/errors/fabric-error.ts";
import { flagOf, type OptionRecord } from "./command.ts";

const INTEGER = /^-?\d{1,15}$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

const refuse = (name: string, must: string, text: string): never => {
  throw fabricError("USAGE_INVALID", {
    fault: `${flagOf(name)} must be ${must}, not ${JSON.stringify(text.slice(0, 80))}`,
  });
};

const readTime = (name: string, text: string): number => {
  const time = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? refuse(name, "a time such as 2026-05-01T16:00:00Z", text) : time;
};

const readInteger = (
  name: string,
  option: Extract<OptionRecord, { kind: "integer" }>,
  text: string,
): number => {
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  const { minimum, maximum } = option;
  return value >= minimum && value <= maximum
    ? value
    : refuse(name, `a whole number from ${minimum} to ${maximum}`, text);
};

/** The typed value of one flag's text, per its record. Throws `USAGE_INVALID`. */
export const readOptionValue = (name: string, option: OptionRecord, given: unknown): unknown => {
  if (option.kind === "flag") return given === true;
  if (option.kind === "list") return Array.isArray(given) ? given : [];
  if (typeof given !== "string") return "default" in option ? option.default : undefined;
  switch (option.kind) {
    case "integer":
      return readInteger(name, option, given);
    case "time":
      return readTime(name, given);
    case "choice":
      return option.choices.includes(given)
        ? given
        : refuse(name, `one of ${option.choices.join(", ")}`, given);
    case "text":
      return given === "" ? refuse(name, "something", given) : given;
    default:
      return option satisfies never;
  }
};

/** Typed values of all flags of a command. Throws `USAGE_INVALID`, and `FLAG_MISSING` for a required one that is not there. */
export const readOptions = (
  records: Readonly<Record<string, OptionRecord>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(records)) {
    if ("required" in option && given[name] === undefined)
      throw fabricError("FLAG_MISSING", { flag: flagOf(name) });
    values[name] = readOptionValue(name, option, given[name]);
  }
  return values;
};
