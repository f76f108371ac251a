import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { runCliProcess, startCli, type CliProcess } from "./cli-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What `feed watch --json` prints. */
export interface Round {
  readonly round: number;
  readonly answer: string;
  readonly mode: string;
  readonly simulated: boolean;
  readonly envelopeDigest: string;
}

const readEvent = async (run: CliProcess): Promise<Record<string, unknown>> =>
  JSON.parse(await run.nextLine()) as Record<string, unknown>;
/** `data` of a command's JSON document. */
export const dataOf = (stdout: string): Record<string, unknown> =>
  (JSON.parse(stdout) as { data: Record<string, unknown> }).data;

/** A provider emulator in a process of its own, and a host's configuration that uses it. */
export const prepareHost = async (): Promise<{ config: string; control: string }> => {
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

/** `cryptlet host start` until it is ready. */
export const startHost = async (config: string): Promise<{ host: CliProcess; url: string }> => {
  const host = startCli(["host", "start", "--config", config, "--json"]);
  const ready = await readEvent(host);
  expect(ready).toMatchObject({ type: "ready", fabric: "test", simulated: true });
  return { host, url: String(ready["url"]) };
};

export const stopHost = async (host: CliProcess): Promise<void> => {
  host.child.kill("SIGTERM");
  expect(await host.exit).toBe(0);
  expect(host.stdout()).toContain('"stopped"');
};

/** The next round that the host at `url` commits after round `after`. */
export const nextRound = async (url: string, after: number): Promise<Round> => {
  const argv = ["feed", "watch", "xau-usd", "--after", String(after), "--count", "1"];
  const run = await runCliProcess([...argv, "--url", url, "--json"]);
  expect(run.code).toBe(0);
  return JSON.parse(run.stdout) as Round;
};
