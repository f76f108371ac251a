/** One dispatched event of a stream. */
export interface ServerSentEvent {
  /** `message` unless the stream named it. */
  readonly event: string;
  readonly data: string;
  /** Last id seen so far; empty when there was none. */
  readonly id: string;
}

/** Takes text as it arrives and gives whole events. */
export interface SseParser {
  push(chunk: string): readonly ServerSentEvent[];
  /** Wait before a new connection that the server asked for, in ms; null when it did not. */
  readonly retryMs: number | null;
}

/** Most characters of one event; a stream that exceeds it is cut by the caller's error. */
const MAX_EVENT = 4 * 1_024 * 1_024;

/**
 * Parser of `text/event-stream` (WHATWG HTML, section 9.2.6): LF, CR and CRLF end a line, a blank line dispatches,
 * an event without data is dropped, a chunk may end anywhere. Throws a RangeError for an event above 4 MiB.
 */
export const createSseParser = (): SseParser => {
  const END_OF_LINE = /\r\n|\r|\n/g;
  // In parts, and each looked through once: a server may send its bytes one by one.
  let rest: string[] = [];
  let held = 0;
  let pending = "";
  let first = true;
  let size = 0;
  let event = "";
  let data: string[] = [];
  let id = "";
  let retryMs: number | null = null;

  const take = (line: string): ServerSentEvent | null => {
    if (line === "") {
      const dispatched =
        data.length === 0 ? null : { event: event || "message", data: data.join("\n"), id };
      event = "";
      data = [];
      size = 0;
      return dispatched;
    }
    size += line.length;
    if (size > MAX_EVENT) throw new RangeError("an event above 4 MiB");
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
    return null;
  };

  const hold = (part: string): void => {
    if (part === "") return;
    rest.push(part);
    held += part.length;
    if (held > MAX_EVENT) throw new RangeError("an event above 4 MiB");
  };

  return {
    push(chunk) {
      let text = pending + chunk;
      pending = "";
      if (first && text !== "") {
        if (text.startsWith("\uFEFF")) text = text.slice(1);
        first = false;
      }
      const events: ServerSentEvent[] = [];
      let start = 0;
      for (;;) {
        END_OF_LINE.lastIndex = start;
        const end = END_OF_LINE.exec(text);
        // A CR at the very end may be the first half of CRLF.
        if (end?.[0] === "\r" && end.index === text.length - 1) pending = "\r";
        if (!end || pending !== "") {
          hold(text.slice(start, end?.index));
          break;
        }
        const line = rest.join("") + text.slice(start, end.index);
        rest = [];
        held = 0;
        const dispatched = take(line);
        if (dispatched) events.push(dispatched);
        start = end.index + end[0].length;
      }
      return events;
    },
    get retryMs() {
      return retryMs;
    },
  };
};
