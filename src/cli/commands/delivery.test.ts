import { afterEach, describe, expect, it } from "vitest";

import { createFakeFabric, FEED } from "../../../test/support/fake-fabric.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { createApi, type Api } from "../../api/create-api.ts";
import { Secret } from "../../core/config/secret.ts";
import { silentLog } from "../../core/log.ts";
import { readChainTrouble } from "../chain-trouble.ts";
import { commands } from "../commands.ts";

const TOKEN = "operators-only";
const LETTER = "ROUNDS_DEMO:deliver-local:12";
const DELIVERY = `${FEED}-2-local`;
const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

/** Runs a command against the real API over a fabric in memory. */
const serve = async (token?: string) => {
  const fabric = createFakeFabric(3);
  const api = createApi({ fabric, log: silentLog, ...(token ? { token: new Secret(token) } : {}) });
  open.push(api);
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  const env: Record<string, string> = token ? { CRYPTLET_API_TOKEN: token } : {};
  return (...argv: string[]) => runForTest([...argv, "--url", url], commands, { env });
};

describe("cryptlet delivery list", () => {
  it("shows status, step and id, newest first, and filters", async () => {
    const run = await serve();
    const all = await run("delivery", "list");
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(/^status +step +changed +error +delivery/);
    expect(all.stdout).toMatch(/final +landed +.* ago +- +xau-usd-3-local/);
    const one = await run("delivery", "list", "--round", "2", "--chain", "local", "--json");
    expect(JSON.parse(one.stdout)).toMatchObject({
      ok: true,
      data: { deliveries: [{ id: DELIVERY, subStatus: "landed" }] },
    });
    expect((await run("delivery", "list", "--status", "failed")).stdout).toBe(
      "No delivery fits.\n",
    );
  });

  it("takes no status that does not exist", async () => {
    const run = await serve();
    expect((await run("delivery", "list", "--status", "sent")).code).toBe(2);
  });
});

describe("cryptlet delivery show", () => {
  it("tells the whole story", async () => {
    const run = await serve();
    const { code, stdout } = await run("delivery", "show", DELIVERY);
    expect(code).toBe(0);
    for (const part of ["round        2 of xau-usd", "step         landed", "gas 33486"])
      expect(stdout).toContain(part);
  });

  it("ends with 3 for one that is not there", async () => {
    const run = await serve();
    const { code, stdout } = await run("delivery", "show", "no/such?thing", "--json");
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "DELIVERY_UNKNOWN" } });
  });
});

describe("cryptlet delivery receipt", () => {
  it("says where a round landed", async () => {
    const run = await serve();
    const { code, stdout } = await run("delivery", "receipt", FEED, "2");
    expect(code).toBe(0);
    expect(stdout).toContain("round 2 of xau-usd: LANDED on every chain (1 of 1)");
  });

  it.each([
    ["99", 3],
    ["0", 2],
    ["-1", 2],
    ["two", 2],
    ["4294967296", 2],
  ])("ends for round %s with %i", async (round, code) => {
    const run = await serve();
    expect((await run("delivery", "receipt", FEED, round)).code).toBe(code);
  });
});

describe("a chain that does not answer", () => {
  const silent = { ok: false, detail: "CHAIN_UNREACHABLE: Chain local does not answer" };
  const client = {
    health: async () => ({ ok: false, parts: { "chain-local": silent, database: silent } }),
  };
  const { signal } = new AbortController();

  it("is what an open delivery waits for", async () => {
    const waiting = [{ chain: "local", status: "prepared" as const }];
    const trouble = await readChainTrouble(client, waiting, { signal });
    expect([...trouble]).toEqual([["local", silent.detail]]);
  });

  it("is not asked about when everything has ended", async () => {
    const ended = [{ chain: "local", status: "final" as const }];
    expect(await readChainTrouble(client, ended, { signal })).toEqual(new Map());
  });
});

describe("cryptlet delivery retry", () => {
  it("ends with 4 on a host that knows nobody", async () => {
    const run = await serve();
    const { code, stdout } = await run("delivery", "retry", DELIVERY, "--json");
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "API_READ_ONLY" } });
  });

  it("refuses one that has not failed", async () => {
    const run = await serve(TOKEN);
    const { code, stdout } = await run("delivery", "retry", DELIVERY, "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "DELIVERY_NOT_FAILED" },
    });
  });
});

describe("cryptlet dead-letter", () => {
  it("lists what waits and puts it back", async () => {
    const run = await serve(TOKEN);
    const before = await run("dead-letter", "list");
    expect(before.stdout).toMatch(/ROUNDS_DEMO:deliver-local:12 +SIGNATURE_INVALID +1 .* waits/);
    expect((await run("dead-letter", "replay", LETTER)).code).toBe(0);
    expect((await run("dead-letter", "list")).stdout).toBe("No dead letter waits.\n");
    expect((await run("dead-letter", "list", "--all")).stdout).toContain("put back");
  });

  it("ends with 4 without a token and with 3 for one that is not there", async () => {
    const reader = await serve();
    expect((await reader("dead-letter", "replay", LETTER)).code).toBe(4);
    const run = await serve(TOKEN);
    expect((await run("dead-letter", "replay", "A:b:1")).code).toBe(3);
  });
});
