import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { runCliProcess, startCli, type CliProcess } from "../support/cli-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Round {
  readonly round: number;
  readonly answer: string;
  readonly mode: string;
  readonly simulated: boolean;
  readonly envelopeDigest: string;
}

const readEvent = async (run: CliProcess): Promise<Record<string, unknown>> =>
  JSON.parse(await run.nextLine()) as Record<string, unknown>;
const dataOf = (stdout: string): Record<string, unknown> =>
  (JSON.parse(stdout) as { data: Record<string, unknown> }).data;

/** A provider emulator in a process of its own, and a host's configuration that uses it. */
const prepare = async (): Promise<{ config: string; control: string }> => {
  const folder = temporaryFolder();
  const caFile = path.join(folder, "ca.pem");
  const providers = startCli(["dev", "providers", "--step", "0", "--ca-file", caFile, "--json"]);
  const ready = await readEvent(providers);
  const config = path.join(folder, "fabric.json");
  const content = {
    ...(ready["configuration"] as object),
    fabric: "test",
    dataDirectory: "data",
    api: { port: 0 },
    log: { level: "warn" },
    enclave: { insecureAllowSimulated: true },
    cryptlets: [{ package: path.resolve("dist/cryptlets/gold-price") }],
    feeds: [
      {
        id: "xau-usd",
        cryptlet: "gold-price",
        feed: "xau-usd",
        intervalMs: 200,
        heartbeatMs: 60_000,
        deviationPpm: 1_000,
      },
    ],
  };
  writeFileSync(config, JSON.stringify(content));
  return { config, control: String(ready["control"]) };
};

const startHost = async (config: string): Promise<{ host: CliProcess; url: string }> => {
  const host = startCli(["host", "start", "--config", config, "--json"]);
  const ready = await readEvent(host);
  expect(ready).toMatchObject({ type: "ready", fabric: "test", simulated: true });
  return { host, url: String(ready["url"]) };
};

const stopHost = async (host: CliProcess): Promise<void> => {
  host.child.kill("SIGTERM");
  expect(await host.exit).toBe(0);
  expect(host.stdout()).toContain('"stopped"');
};

const firstRound = async (url: string, after: number): Promise<Round> => {
  const argv = ["feed", "watch", "xau-usd", "--after", String(after), "--count", "1"];
  const run = await runCliProcess([...argv, "--url", url, "--json"]);
  expect(run.code).toBe(0);
  return JSON.parse(run.stdout) as Round;
};

describe("cryptlet host start", { timeout: 90_000 }, () => {
  it("publishes, drains on SIGTERM, and goes on after a restart where it stopped", async () => {
    const { config, control } = await prepare();
    const before = await startHost(config);
    const first = await firstRound(before.url, 0);
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
    const second = await firstRound(after.url, 1);
    expect(second.round).toBe(2);
    expect(second.answer).not.toBe(first.answer);
    await stopHost(after.host);
    const gone = await runCliProcess(["host", "status", "--url", after.url, "--json"]);
    expect(gone.code).toBe(5);

    const tampered = path.join(path.dirname(config), "unknown.json");
    expect((await runCliProcess(["envelope", "verify", bundle, "--json"])).code).toBe(12);
    expect((await runCliProcess(["envelope", "verify", tampered, "--json"])).code).toBe(3);
  });

  it("says by code why it does not start", async () => {
    const { config } = await prepare();
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
