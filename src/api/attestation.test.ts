import { afterEach, describe, expect, it } from "vitest";
import { createFakeFabric } from "../../test/support/fake-fabric.ts";
import { Secret } from "../core/config/secret.ts";
import { silentLog } from "../core/log.ts";
import { createApi, type Api } from "./create-api.ts";

const NONCE = "5a".repeat(32);
const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

const start = async (token: Secret | null = null) => {
  const api = createApi({ fabric: createFakeFabric(1), log: silentLog, token });
  open.push(api);
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  return async (query: string) => {
    const response = await fetch(`${url}/v1/attestation${query}`);
    const body = (await response.json()) as { error?: { code: string }; nonce?: string };
    return { status: response.status, code: body.error?.code, nonce: body.nonce };
  };
};

describe("GET /v1/attestation", () => {
  it("is open to anyone, also where the API asks for a token", async () => {
    const ask = await start(new Secret("token"));
    expect(await ask(`?nonce=${NONCE}`)).toMatchObject({ status: 200, nonce: NONCE });
  });

  it("takes exactly 32 bytes in lower-case hex, and no other question", async () => {
    const ask = await start();
    for (const query of [
      "",
      "?nonce=",
      `?nonce=${NONCE}00`,
      `?nonce=${NONCE.slice(2)}`,
      `?nonce=${NONCE.toUpperCase()}`,
      `?nonce=0x${NONCE.slice(2)}`,
      `?nonce=${NONCE}&nonce=${NONCE}`,
      `?nonce=${NONCE}&purpose=kbs`,
      `?nonce=${NONCE}&cryptlet=../etc`,
    ])
      expect([query, await ask(query)]).toMatchObject([
        query,
        { status: 400, code: "API_REQUEST_INVALID" },
      ]);
    expect(await ask(`?nonce=${NONCE}&cryptlet=nobody`)).toMatchObject({
      status: 404,
      code: "CRYPTLET_UNKNOWN",
    });
  });

  it("is bounded for one address", async () => {
    const ask = await start();
    const answers = await Promise.all(
      Array.from({ length: 70 }, async () => ask(`?nonce=${NONCE}`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(answers.filter(({ code }) => code === "ATTESTATION_LIMIT")).toHaveLength(10);
  });
});
