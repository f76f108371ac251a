import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

import { fabricError, httpStatusOf, isFabricError } from "../../core/errors/fabric-error.ts";
import { toWire } from "../../core/errors/wire.ts";
import { listen } from "../../emulator/listen.ts";
import { sendJson } from "../../emulator/fault.ts";
import { readSmallBody } from "../../emulator/small-body.ts";
import type { DevState } from "./dev-session.ts";

/** What a running session can be told. */
export interface DevControls {
  state(): DevState;
  /** One run now, of one feed or of all; resolves with its end. Throws `FEED_UNKNOWN`. */
  run(feed: string | null): Promise<void>;
  /** Moves the market clock on by ms, or to a time, and sets its speed. Throws `CLOCK_REFUSED`. */
  moveClock(move: ClockMove): Promise<void>;
  /** Builds again and starts anew, also when nothing changed. */
  reload(): Promise<void>;
  stop(): void;
}

export interface ClockMove {
  /** ms. */
  readonly advanceMs?: number | undefined;
  /** ms since epoch. */
  readonly to?: number | undefined;
  readonly speed?: number | undefined;
}

const runSchema = z.strictObject({ feed: z.string().min(1).max(64).optional() });
const clockSchema = z
  .strictObject({
    advanceMs: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    to: z.iso
      .datetime({ offset: true })
      .transform((text) => Date.parse(text))
      .optional(),
    speed: z.int().min(0).max(1_000_000).optional(),
  })
  .refine(({ advanceMs, to }) => advanceMs === undefined || to === undefined, {
    message: "advanceMs or to, not both",
  });
const nothing = z.strictObject({});

const parse = <Value>(schema: z.ZodType<Value>, body: unknown): Value => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw fabricError("API_REQUEST_INVALID", { faults: z.prettifyError(parsed.error) });
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  // A page of another origin can send text without being asked, but not JSON.
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw fabricError("API_REQUEST_INVALID", { faults: "content-type is not application/json" });
  const text = await readSmallBody(request);
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    throw fabricError("API_REQUEST_INVALID", { faults: "the body is not JSON" });
  }
};

const perform = async (controls: DevControls, request: IncomingMessage): Promise<unknown> => {
  const route = `${request.method} ${request.url}`;
  if (route === "GET /state") return controls.state();
  switch (route) {
    case "POST /run":
      await controls.run(parse(runSchema, await readBody(request)).feed ?? null);
      break;
    case "POST /clock":
      await controls.moveClock(parse(clockSchema, await readBody(request)));
      break;
    case "POST /reload":
      parse(nothing, await readBody(request));
      await controls.reload();
      break;
    case "POST /stop":
      parse(nothing, await readBody(request));
      controls.stop();
      break;
    default:
      throw fabricError("API_ROUTE_UNKNOWN", {
        method: request.method ?? "",
        path: (request.url ?? "").slice(0, 200),
      });
  }
  return controls.state();
};

const answer = async (
  controls: DevControls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const done = (status: number, data: unknown) => sendJson(response, status, JSON.stringify(data));
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  // The name that a page was loaded under follows it here: one that somebody points at this machine is refused.
  if (host !== "127.0.0.1" && host !== "localhost") {
    done(403, { ok: false, reason: "not the loopback name" });
    return;
  }
  try {
    done(200, { ok: true, data: await perform(controls, request) });
  } catch (error) {
    const { code, message } = toWire(error);
    const status = isFabricError(error) ? httpStatusOf(error.code) : 500;
    done(status, { ok: false, error: { code, message } });
  }
};

/**
 * `GET /state`, `POST /run {"feed"?}`, `POST /clock {"advanceMs" | "to", "speed"}`, `POST /reload {}`, `POST /stop {}`: what
 * keys do on a terminal, for a program. On loopback only, JSON only. Throws `API_ADDRESS_UNAVAILABLE`.
 */
export const startDevControl = async (
  controls: DevControls,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const server = createServer((request, response) => {
    void answer(controls, request, response);
  });
  server.requestTimeout = 30_000;
  try {
    const bound = await listen(server, port);
    return { url: `http://127.0.0.1:${bound.port}`, close: () => bound.close() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError(
      "API_ADDRESS_UNAVAILABLE",
      { host: "127.0.0.1", port, reason },
      { cause: error },
    );
  }
};
