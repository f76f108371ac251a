import { describe, expect, it, onTestFinished } from "vitest";
import { createFakeFabric } from "../../test/support/fake-fabric.ts";
import { Secret } from "../core/config/secret.ts";
import { silentLog } from "../core/log.ts";
import { createApi } from "./create-api.ts";

const TOKEN = "operators-only";
const LETTER = "/v1/dead-letters/ROUNDS_DEMO:deliver-local:12";
const DELIVERY = "/v1/deliveries/xau-usd-1-local";

/** The API's address, and POST to it with a token or none. */
const start = async (token: string | null) => {
  const api = createApi({
    fabric: createFakeFabric(1),
    log: silentLog,
    ...(token === null ? {} : { token: new Secret(token) }),
  });
  onTestFinished(() => api.close());
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  return async (path: string, given: string | null, body?: string) => {
    const headers = given === null ? {} : { authorization: `Bearer ${given}` };
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body: body ?? null });
    const answer = (await response.json()) as { error?: { code: string }; replays?: number };
    return { status: response.status, code: answer.error?.code, replays: answer.replays };
  };
};

describe("what changes something", () => {
  it.each([`${LETTER}/replay`, `${DELIVERY}/retry`])(
    "%s is refused on an API that asks nobody who they are",
    async (path) => {
      const post = await start(null);
      expect(await post(path, null)).toMatchObject({ status: 403, code: "API_READ_ONLY" });
      expect(await post(path, TOKEN)).toMatchObject({ status: 403, code: "API_READ_ONLY" });
    },
  );

  it.each([`${LETTER}/replay`, `${DELIVERY}/retry`])("%s needs the right token", async (path) => {
    const post = await start(TOKEN);
    for (const wrong of [null, "", "operators", `${TOKEN} `.repeat(2)])
      expect(await post(path, wrong)).toMatchObject({ status: 401, code: "API_UNAUTHORIZED" });
  });

  it("puts a dead letter back, each time once more", async () => {
    const post = await start(TOKEN);
    expect(await post(`${LETTER}/replay`, TOKEN)).toMatchObject({ status: 200, replays: 1 });
    expect(await post(`${LETTER}/replay`, TOKEN)).toMatchObject({ status: 200, replays: 2 });
    expect(await post("/v1/dead-letters/A:b:1/replay", TOKEN)).toMatchObject({ status: 404 });
  });

  it("tries only a failed delivery again", async () => {
    const post = await start(TOKEN);
    const refused = { status: 409, code: "DELIVERY_NOT_FAILED" };
    expect(await post(`${DELIVERY}/retry`, TOKEN)).toMatchObject(refused);
    expect(await post("/v1/deliveries/none/retry", TOKEN)).toMatchObject({ status: 404 });
  });

  it("still takes no body", async () => {
    const post = await start(TOKEN);
    const { status, code } = await post(`${LETTER}/replay`, TOKEN, "x".repeat(100_000));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(code).toMatch(/^API_/);
  });
});
