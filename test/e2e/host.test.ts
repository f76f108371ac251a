import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { runCliProcess } from "../support/cli-process.ts";
import { dataOf, nextRound, prepareHost, startHost, stopHost } from "../support/emulated-host.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("cryptlet host start", { timeout: 90_000 }, () => {
  it("publishes, drains on SIGTERM, and goes on after a restart where it stopped", async () => {
    const { config, control } = await prepareHost();
    const before = await startHost(config);
    const first = await nextRound(before.url, 0);
    expect(first).toMatchObject({ round: 1, mode: "EMULATED", simulated: true });

    const status = await runCliProcess(["host", "status", "--url", before.url, "--json"]);
    expect(status.code).toBe(0);
    const got = await runCliProcess(["feed", "get", "xau-usd", "--url", before.url, "--json"]);
    expect(got.code).toBe(0);
    expect(dataOf(got.stdout)).toMatchObject({ round: 1, answer: first.answer, stale: false });

    const bundle = path.join(path.dirname(config), "bundle.json");
    const show = ["envelope", "show", first.envelopeDigest, "--out", bundle, "--url", before.url];
    expect((await runCliProcess(show)).code).toBe(0);
    expect(existsSync(bundle)).toBe(true);
    await stopHost(before.host);

    const after = await startHost(config);
    const moved = await fetch(`${control}/price`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"price":"4400.00"}',
    });
    expect(moved.status).toBe(200);
    const second = await nextRound(after.url, 1);
    expect(second.round).toBe(2);
    expect(second.answer).not.toBe(first.answer);
    await stopHost(after.host);
    const gone = await runCliProcess(["host", "status", "--url", after.url, "--json"]);
    expect(gone.code).toBe(5);

    const tampered = path.join(path.dirname(config), "unknown.json");
    expect((await runCliProcess(["envelope", "verify", bundle, "--json"])).code).toBe(12);
    expect((await runCliProcess(["envelope", "verify", tampered, "--json"])).code).toBe(3);
  });

  it("gives evidence of the kind that is configured, bound to the caller's nonce", async () => {
    const { config } = await prepareHost();
    const content = JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>;
    const evidence = { provider: "sim", tee: "tdx", layered: true };
    const enclave = { insecureAllowSimulated: true, evidence };
    writeFileSync(config, JSON.stringify({ ...content, enclave }));
    const { host, url } = await startHost(config);
    const nonce = "a1".repeat(32);
    const answer = await fetch(`${url}/v1/attestation?nonce=${nonce}`);
    expect(answer.status).toBe(200);
    const { evidence: given } = (await answer.json()) as {
      evidence: { cryptlet: string; evidence: { body: string } }[];
    };
    expect(given.map(({ cryptlet }) => cryptlet)).toEqual(["gold-price"]);
    const body = Buffer.from(given[0]?.evidence.body ?? "", "base64").toString("utf8");
    expect(JSON.parse(body)).toMatchObject({ tee: "tdx", registration: { nonce } });
    await stopHost(host);
  });

  it("says by code why it does not start", async () => {
    const { config } = await prepareHost();
    const { host, url } = await startHost(config);
    const port = new URL(url).port;
    const taken = await runCliProcess(["host", "start", "--config", config, "--json"], {
      env: { CRYPTLET_API_PORT: port, CRYPTLET_DATA_DIRECTORY: temporaryFolder() },
    });
    expect(taken.code).toBe(5);
    expect(taken.stdout).toContain("API_ADDRESS_UNAVAILABLE");
    const strict = await runCliProcess(["host", "start", "--config", config, "--json"], {
      env: { CRYPTLET_ENCLAVE_INSECURE_ALLOW_SIMULATED: "false" },
    });
    expect(strict.code).toBe(13);
    expect(strict.stdout).toContain("SIMULATED_NOT_ALLOWED");
    await stopHost(host);
  });
});
