import {
  fabricError,
  Fixed,
  JsonNumber,
  JsonReader,
  type RecordField,
} from "../../../src/sdk/index.ts";
import type { FieldType } from "./record-request.ts";

/** How a CRM writes values: JSON types, or everything as text (HubSpot). */
export type ValueStyle = "typed" | "text";

/** Longest text of one field, in characters. */
const MAX_TEXT = 4_096;

const wrong = (reader: JsonReader, reason: string): Error =>
  fabricError("SOURCE_SHAPE", { path: reader.path.slice(0, 128), reason });

/** One field with its type. A value that is no value of the type is refused with `SOURCE_SHAPE`, never converted. */
export const readRecordField = (
  reader: JsonReader,
  type: FieldType,
  style: ValueStyle,
): RecordField => {
  // HubSpot clears a property by setting it to an empty text.
  const empty = reader.value === null || (style === "text" && reader.value === "");
  return empty ? { type: "null", value: "" } : { type, value: READERS[type](reader, style) };
};

const READERS: Readonly<Record<FieldType, (reader: JsonReader, style: ValueStyle) => string>> = {
  string: (reader) => {
    const text = reader.text();
    if (text.length > MAX_TEXT) throw wrong(reader, `longer than ${MAX_TEXT} characters`);
    return text;
  },
  decimal: (reader, style) => {
    const text = style === "typed" ? reader.number() : reader.text();
    try {
      return Fixed.parse(text).toShortText();
    } catch {
      throw wrong(reader, "not a decimal number");
    }
  },
  boolean: (reader, style) => {
    const text = style === "typed" ? String(reader.boolean()) : reader.text();
    if (text !== "true" && text !== "false") throw wrong(reader, "neither true nor false");
    return text;
  },
  timestamp: (reader, style) => {
    // HubSpot writes dates as RFC 3339 or as ms since epoch, both as text.
    const milliseconds =
      style === "text" && /^\d{1,14}$/.test(reader.text())
        ? new JsonReader(new JsonNumber(reader.text()), reader.path).epoch("ms")
        : reader.isoTime();
    return String(milliseconds);
  },
};
