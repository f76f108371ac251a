import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { DemoData } from "../../src/cli/demo/demo-data.ts";
import { CLI, runCliProcess, startCli } from "../support/cli-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const INTEGER = /^-?\d+$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

describe("cryptlet demo --json", { timeout: 90_000 }, () => {
  let run: { code: number; stdout: string; stderr: string };
  let data: DemoData;
  beforeAll(async () => {
    const demo = startCli(["demo", "--json"], { keep: true });
    const code = await demo.exit;
    run = { code, stdout: demo.stdout(), stderr: demo.stderr() };
    data = (JSON.parse(run.stdout) as { data: DemoData }).data;
  }, 90_000);

  it("ends with 0 and prints one document and nothing else", () => {
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true });
  });

  it("names every source with its mode and its own time", () => {
    expect(data.sources.length).toBeGreaterThanOrEqual(6);
    for (const source of data.sources) {
      expect(["LIVE", "EMULATED"]).toContain(source.mode);
      expect(source.value).toMatch(/^\d+(\.\d+)?$/);
      expect(source.observedAt).toBeGreaterThan(1_700_000_000_000);
    }
  });

  it("reads on chain exactly what was signed, round after round", () => {
    expect(data.rounds.length).toBeGreaterThanOrEqual(2);
    for (const round of data.rounds) {
      expect(round.signedAnswer).toMatch(INTEGER);
      expect(round.consumerAnswer).toBe(round.signedAnswer);
      expect(round.envelope).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(round.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    }
    const emulated = data.rounds.filter(({ feed }) => feed === "xau-usd");
    expect(emulated.map(({ round }) => round)).toEqual([1, 2]);
    const [first, second] = emulated.map(({ signedAnswer }) => BigInt(signedAnswer));
    // The demo moves the price by 1.5 %; the threshold is 0.5 %.
    expect((second ?? 0n) * 1_000n).toBeGreaterThan((first ?? 0n) * 1_005n);
  });

  it("refuses each attack off chain and on chain, by name", () => {
    expect(data.refused).toEqual([
      { what: "tampered envelope", where: "off chain", code: "SIGNATURE_WRONG" },
      { what: "tampered envelope", where: "on chain", code: "UnknownSigner" },
      { what: "unknown signer", where: "off chain", code: "SIGNER_NOT_TRUSTED" },
      { what: "unknown signer", where: "on chain", code: "UnknownSigner" },
      { what: "replay of an older round", where: "off chain", code: "OBSERVATION_REPLAYED" },
      { what: "replay of an older round", where: "on chain", code: "OldRound" },
    ]);
  });

  it("says where it was and how long it took", () => {
    expect(data.chainId).toBe(31_337);
    for (const name of ["keys", "registry", "feedStore", "consumer"])
      expect(data.contracts[name]).toMatch(ADDRESS);
    expect(data.timings["total"]).toBeGreaterThan(0);
  });

  it("hands out a bundle that the verifier judges by itself", async () => {
    const file = path.join(temporaryFolder(), "bundle.json");
    writeFileSync(file, JSON.stringify(data.bundle));
    const keys = (data.bundle as { keys: { keyid: string }[] }).keys.flatMap(({ keyid }) => [
      "--key",
      keyid,
    ]);
    const verify = ["envelope", "verify", file, "--json", ...keys];
    const flags = ["--insecure-allow-emulated", "--insecure-allow-simulated"];
    expect((await runCliProcess([...verify, ...flags])).code).toBe(0);
    const strict = await runCliProcess([...verify, "--insecure-allow-emulated"]);
    expect(strict.code).toBe(13);
    expect(strict.stdout).toContain("SIMULATED_NOT_ALLOWED");
    expect((await runCliProcess(verify)).code).toBe(13);
    expect((await runCliProcess(["envelope", "verify", file, ...flags])).code).toBe(12);
    const later = [...verify, ...flags, "--at", "2099-01-01"];
    expect((await runCliProcess(later)).code).toBe(15);
    const tampered = path.join(temporaryFolder(), "tampered.json");
    const text = JSON.stringify(data.bundle).replace(/"payload":"ey/, '"payload":"fy');
    writeFileSync(tampered, text);
    const broken = ["envelope", "verify", tampered, "--json", ...keys, ...flags];
    expect((await runCliProcess(broken)).code).toBe(11);
  });
});

describe("cryptlet demo", { timeout: 90_000 }, () => {
  it("leaves no process and no folder behind when it is interrupted", async () => {
    const folder = temporaryFolder();
    const env = { TMPDIR: folder };
    const demo = startCli(["demo", "--providers", "emulated"], { env });
    // The chain is up once its section is printed.
    while (!(await demo.nextLine()).includes("anvil/"));
    const port = /127\.0\.0\.1:(\d+), chain/.exec(demo.stdout())?.[1];
    expect(readdirSync(folder)).toHaveLength(1);
    demo.child.kill("SIGINT");
    expect(await demo.exit).toBe(130);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps running with its API up until it is stopped", async () => {
    const demo = startCli(["demo", "--keep", "--json", "--providers", "emulated", "--port", "0"]);
    const { data } = JSON.parse(await demo.nextLine()) as { data: { api: string } };
    const got = await runCliProcess(["feed", "get", "xau-usd", "--url", data.api, "--json"]);
    expect(got.code).toBe(0);
    expect(JSON.parse(got.stdout)).toMatchObject({ data: { round: 2, mode: "EMULATED" } });
    demo.child.kill("SIGTERM");
    expect(await demo.exit).toBe(130);
  });

  it.skipIf(process.platform === "win32")(
    "ends with the shell that npm ran it in, for npm passes SIGTERM to that shell alone",
    async () => {
      const folder = temporaryFolder();
      const script = `"${process.execPath}" "${CLI}" demo --keep --json --providers emulated --port 0; true`;
      const shell = spawn("/bin/sh", ["-c", script], {
        stdio: ["ignore", "pipe", "ignore"],
        env: { PATH: process.env["PATH"], TMPDIR: folder, npm_lifecycle_script: script },
      });
      onTestFinished(() => void shell.kill("SIGKILL"));
      const [document] = (await once(shell.stdout.setEncoding("utf8"), "data")) as [string];
      expect(document).toContain('"ok":true');
      shell.kill("SIGTERM");
      // The pipe closes when the last process that holds it is gone: the demo and its chain.
      await once(shell, "close");
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});
