import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { toWire } from "../core/errors/wire.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import { FAULTS, sendJson, type FaultKind } from "./fault.ts";
import { listen } from "./listen.ts";
import { PROVIDERS, type ProviderName } from "./provider.ts";
import { readSmallBody } from "./small-body.ts";

/** What can be changed while the emulator runs. */
export interface EmulatorControls {
  price(): string;
  setPrice(text: string): void;
  fail(provider: ProviderName, kind: FaultKind | null): void;
  faults(): Readonly<Record<string, FaultKind>>;
}

const priceSchema = z.strictObject({ price: z.string().min(1).max(40) });
const faultSchema = z.strictObject({
  provider: z.enum(PROVIDERS),
  kind: z.enum(FAULTS).nullable(),
});

/**
 * `GET /state`, `POST /price {"price":"4200.50"}`, `POST /fault {"provider":"kraken","kind":"slow"}` (null ends it),
 * on loopback only. A web page cannot reach it: JSON content and a loopback `Host` are demanded.
 */
export const startControlServer = async (
  controls: EmulatorControls,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const server = createServer((request, response) => {
    void answer(controls, request, response);
  });
  const bound = await listen(server, port);
  return { url: `http://127.0.0.1:${bound.port}`, close: () => bound.close() };
};

const answer = async (
  controls: EmulatorControls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const done = (status: number, data: unknown) => sendJson(response, status, JSON.stringify(data));
  const state = () => ({ ok: true, data: { price: controls.price(), faults: controls.faults() } });
  try {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    if (host !== "127.0.0.1" && host !== "localhost") {
      done(403, { ok: false, reason: "not the loopback name" });
      return;
    }
    const call = `${request.method} ${request.url}`;
    if (call === "GET /state") {
      done(200, state());
      return;
    }
    if (call !== "POST /price" && call !== "POST /fault") {
      done(404, { ok: false, reason: "GET /state, POST /price, POST /fault" });
      return;
    }
    const json = /^application\/json\b/.test(request.headers["content-type"] ?? "");
    const body: unknown = json ? JSON.parse(await readSmallBody(request)) : null;
    if (call === "POST /price") controls.setPrice(priceSchema.parse(body).price);
    else {
      const { provider, kind } = faultSchema.parse(body);
      controls.fail(provider, kind);
    }
    done(200, state());
  } catch (error) {
    if (error instanceof z.ZodError)
      done(400, {
        ok: false,
        faults: error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
      });
    else if (isFabricError(error)) done(400, { ok: false, error: toWire(error) });
    else done(400, { ok: false, reason: "the body is not JSON" });
  }
};
