import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { Contract, JsonRpcProvider } from "ethers";
import { processesWith } from "../support/processes-with.ts";
import { runCliProcess } from "../support/cli-process.ts";
import { devProject, HOUR } from "../support/dev-project.ts";

const LIMIT = 60_000;
const post = async (control: unknown, route: string, body: object = {}) => {
  const answer = await fetch(`${String(control)}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as {
    ok: boolean;
    data?: Record<string, unknown>;
    error?: { code: string };
  };
};

describe("cryptlet dev", { timeout: LIMIT }, () => {
  it("brings a recorded price below zero to a contract, and ends when it was told to", async () => {
    const project = devProject();
    const run = project.start("--count", "1");
    expect(await run.next("built")).toMatchObject({ cryptlet: "power-price", version: "1.0.0" });
    expect(await run.next("sources")).toMatchObject({
      mode: "recorded",
      recording: path.join(project.folder, "recordings"),
    });
    const ready = await run.next("ready");
    // The clock begins where the recording does.
    expect(ready).toMatchObject({ simulated: true, time: { moved: true } });
    expect(Math.abs((ready["time"] as { now: number }).now - HOUR)).toBeLessThan(60_000);
    expect(await run.next("log")).toMatchObject({ level: "info", message: "zone de" });
    expect(await run.next("run-finished")).toMatchObject({
      feed: "de-lu",
      value: "-12.40",
      unit: "EUR per MWh",
      publish: "first",
      sources: [
        { id: "one", mode: "EMULATED", value: "-12.3", error: null },
        { id: "two", mode: "EMULATED", value: "-12.5", error: null },
      ],
    });
    expect(await run.next("envelope")).toMatchObject({
      round: 1,
      answer: "-1240",
      mode: "EMULATED",
      simulated: true,
    });
    const read = await run.next("chain-read");
    expect(read).toMatchObject({ round: 1, answer: "-1240", decimals: 2 });
    expect(Math.abs(Number(read["blockTime"]) - HOUR)).toBeLessThan(60_000);
    expect(await run.exit).toBe(0);
  });

  it("starts anew with what is saved, tells where it does not build, and goes on meanwhile", async () => {
    const project = devProject();
    const run = project.start("--speed", "1", "--every", "3600");
    const { url, rpc, feeds, control } = await run.next("ready");
    await run.next("chain-read");

    project.write("src/main.ts", project.main.replace('"zone de"', '"zone de, again"'));
    const reloaded = await run.next("reloaded");
    expect(reloaded).toMatchObject({ cryptlet: "power-price" });
    expect(await run.next("log")).toMatchObject({ message: "zone de, again" });

    project.write("src/main.ts", project.main.replace("ctx.log.info", "const = ctx.log.info"));
    const failed = await run.next("build-failed");
    expect(failed).toMatchObject({ running: true, error: { code: "PACKAGE_BUILD_FAILED" } });
    expect((failed["error"] as { message: string }).message).toMatch(/src\/main\.ts:\d+/);
    expect(await post(control, "run")).toMatchObject({ ok: true });
    expect(await run.next("log")).toMatchObject({ message: "zone de, again" });

    // Evaluated, but of no use: what ran before comes back.
    project.write("src/main.ts", `${project.main}\nthrow new Error("at once");\n`);
    expect(await run.next("reload-failed")).toMatchObject({ running: true });
    expect(await post(control, "run")).toMatchObject({ ok: true });
    expect(await run.next("log")).toMatchObject({ message: "zone de, again" });

    // The same words with another time are the same package; another manifest is another one.
    project.write("src/main.ts", project.main.replace('"zone de"', '"zone de, again"'));
    expect(await run.next("unchanged")).toBeDefined();
    const text = readFileSync(path.join(project.folder, "cryptlet.json"), "utf8");
    project.write("cryptlet.json", text.replace("1.0.0", "1.1.0"));
    expect(await run.next("reloaded")).toMatchObject({ version: "1.1.0" });

    // API and contract stay where they were.
    const latest = (await (await fetch(`${String(url)}/v1/feeds/de-lu/latest`)).json()) as object;
    expect(JSON.stringify(latest)).toContain('"-1240"');
    const [{ contract }] = feeds as [{ contract: string }];
    const provider = new JsonRpcProvider(String(rpc), undefined, { staticNetwork: true });
    onTestFinished(() => provider.destroy());
    const reader = new Contract(
      contract,
      ["function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)"],
      provider,
    );
    const answered = (await reader.getFunction("latestRoundData")()) as readonly bigint[];
    expect(answered[1]).toBe(-1_240n);

    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  it("moves the clock of enclave, statement and chain on, and never back", async () => {
    const project = devProject();
    const run = project.start("--at", "2026-05-10T13:30:00Z", "--speed", "0");
    const { control } = await run.next("ready");
    expect(await run.next("chain-read")).toMatchObject({ answer: "-1240" });
    const moved = await post(control, "clock", { to: "2026-05-10T14:10:00Z" });
    expect(moved).toMatchObject({ ok: true, data: { time: { speed: 0, moved: true } } });
    expect(await run.next("clock")).toBeDefined();
    const at = Date.parse("2026-05-10T14:10:00Z");
    expect(await run.next("envelope")).toMatchObject({ answer: "4020", round: 2, observedAt: at });
    const read = await run.next("chain-read");
    expect(read).toMatchObject({ round: 2, answer: "4020", updatedAt: at });
    expect(Number(read["blockTime"])).toBeGreaterThanOrEqual(at);

    for (const [body, code] of [
      [{ to: "2026-05-10T13:00:00Z" }, "CLOCK_REFUSED"],
      [{ advanceMs: 31 * 86_400_000 }, "CLOCK_REFUSED"],
      [{ speed: 3_601 }, "CLOCK_REFUSED"],
      [{ advanceMs: 1, to: "2026-05-10T15:00:00Z" }, "API_REQUEST_INVALID"],
      [{ advanceMs: -1 }, "API_REQUEST_INVALID"],
      [{ to: "tomorrow" }, "API_REQUEST_INVALID"],
      [{ other: 1 }, "API_REQUEST_INVALID"],
    ] as const)
      expect(await post(control, "clock", body)).toMatchObject({ ok: false, error: { code } });
    expect(await post(control, "run", { feed: "none" })).toMatchObject({
      error: { code: "FEED_UNKNOWN" },
    });
    expect(await post(control, "other")).toMatchObject({ error: { code: "API_ROUTE_UNKNOWN" } });
    const stranger = await fetch(`${String(control)}/stop`, { method: "POST", body: "{}" });
    expect(stranger.status).toBe(400);

    expect(await post(control, "stop")).toMatchObject({ ok: true });
    expect(await run.exit).toBe(0);
  });

  it("goes an hour in a second where it is told to", async () => {
    const project = devProject();
    const run = project.start("--at", "2026-05-10T13:30:00Z", "--speed", "3600", "--every", "600");
    expect(await run.next("chain-read")).toMatchObject({ answer: "-1240" });
    for (;;) {
      const read = await run.next("chain-read");
      if (read["answer"] === "4020") break;
    }
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  it("records what sources answered, and answers from it again without what was taken out", async () => {
    const project = devProject();
    const file = path.join(project.folder, "kept", "today.json");
    const first = project.start("--count", "1", "--no-chain", "--record", file);
    expect(await first.next("recorded")).toMatchObject({ file, answers: 2 });
    expect(await first.exit).toBe(0);
    const kept = JSON.parse(readFileSync(file, "utf8")) as { exchanges: { id: string }[] };
    expect(kept.exchanges.map(({ id }) => id)).toEqual(["one", "two"]);
    const again = project.start("--count", "1", "--no-chain", "--replay", file);
    expect(await again.next("envelope")).toMatchObject({ answer: "-1240" });
    expect(await again.exit).toBe(0);
  });

  it("says what a recording lacks, and reads one again that is written while it runs", async () => {
    const project = devProject();
    project.write("recordings/negative.json", '{"version":1}');
    const run = project.start("--no-chain", "--every", "3600");
    await run.next("ready");
    const missing = await run.next("not-recorded");
    expect(missing["url"]).toMatch(/^https:\/\/(one|two)\.grid\.example\/price\?zone=de$/);
    expect(await run.next("run-failed")).toMatchObject({ error: { code: "TOO_FEW_SOURCES" } });
    const body = '{"price":-1}';
    const exchanges = ["one", "two"].map((id) => ({
      id,
      request: { url: `https://${id}.grid.example/price?zone=de` },
      body,
    }));
    project.write("recordings/negative.json", JSON.stringify({ version: 1, exchanges }));
    // Nobody asks for the run: saving did.
    expect(await run.next("note")).toMatchObject({ message: "The recording was read again." });
    expect(await run.next("envelope")).toMatchObject({ answer: "-100", round: 1 });
    project.write("recordings/negative.json", "{");
    expect(await run.next("build-failed")).toMatchObject({ error: { code: "RECORDING_INVALID" } });
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(130);
  });

  it("leaves no process behind when it is killed", async () => {
    const project = devProject();
    const run = project.start();
    const { rpc } = await run.next("ready");
    await run.next("chain-read");
    const listening = async (): Promise<boolean> => {
      try {
        await fetch(String(rpc), { method: "POST", body: "{}" });
        return true;
      } catch {
        return false;
      }
    };
    expect(await listening()).toBe(true);
    run.child.kill("SIGKILL");
    await run.exit;
    while (await listening()) await new Promise((resolve) => setImmediate(resolve));
    expect(processesWith(project.folder)).toEqual([]);
  });
});

describe("cryptlet dev that cannot start", { timeout: LIMIT }, () => {
  const codeOf = (text: string): string =>
    (JSON.parse(text.trim().split("\n").at(-1) ?? "{}") as { error: { code: string } }).error.code;

  it.each([
    ["a folder that is not there", ["/nonexistent/folder"], 2, "SOURCE_FOLDER_MISSING"],
    ["a chain without address", [".", "--read-chain", "mainnet"], 2, "USAGE_INVALID"],
    [
      "a recording that is not there",
      [".", "--replay", "none.json", "--count", "1"],
      3,
      "FILE_UNREADABLE",
    ],
    [
      "a feed that the manifest lacks",
      [".", "--feed", "none", "--count", "1"],
      2,
      "FEED_NOT_IN_MANIFEST",
    ],
    [
      "a time before any certificate",
      [".", "--at", "1980-01-01T00:00:00Z", "--count", "1"],
      2,
      "CLOCK_REFUSED",
    ],
  ])("says so: %s", async (_, argv, exit, code) => {
    const { folder } = devProject();
    const run = await runCliProcess(["dev", ...argv, "--json", "--no-chain"], { cwd: folder });
    expect([run.code, codeOf(run.stdout)]).toEqual([exit, code]);
    // What never was there is not gone.
    expect(run.stdout).not.toContain('"stopped"');
  });

  it("refuses secrets that others can read, and names the ones that it lacks", async () => {
    const secrets = [{ name: "GRID_KEY", hosts: ["one.grid.example"] }];
    const project = devProject();
    const text = readFileSync(path.join(project.folder, "cryptlet.json"), "utf8");
    const manifest = JSON.parse(text) as { capabilities: object };
    project.write(
      "cryptlet.json",
      JSON.stringify({ ...manifest, capabilities: { ...manifest.capabilities, secrets } }),
    );
    const vars = path.join(project.folder, ".dev.vars");
    writeFileSync(vars, "GRID_KEY=hunter2hunter2\n");
    chmodSync(vars, 0o644);
    const argv = ["dev", project.folder, "--json", "--no-chain", "--count", "1"];
    const exposed = await runCliProcess(argv);
    expect([exposed.code, codeOf(exposed.stdout)]).toEqual([4, "DEV_VARS_EXPOSED"]);
    chmodSync(vars, 0o600);
    const held = await runCliProcess(argv);
    expect(held.code).toBe(0);
    expect(held.stdout + held.stderr).not.toContain("hunter2");
    writeFileSync(vars, "");
    // Nobody checks a secret where recordings answer; live sources would.
    expect((await runCliProcess(argv)).code).toBe(0);
    const live = await runCliProcess([...argv, "--sources", "live"]);
    expect([live.code, codeOf(live.stdout)]).toEqual([2, "DEV_SECRETS_MISSING"]);
  });

  it("says that nobody answers for its sources", async () => {
    const { folder, write } = devProject();
    const text = readFileSync(path.join(folder, "cryptlet.json"), "utf8");
    write("cryptlet.json", text.replaceAll("grid.example", "grid.invalid"));
    const argv = ["dev", folder, "--json", "--no-chain", "--count", "1", "--sources", "emulated"];
    const run = await runCliProcess(argv);
    expect([run.code, codeOf(run.stdout)]).toEqual([5, "DEV_SOURCES_MISSING"]);
  });

  it("refuses a port that is taken", async () => {
    const { folder } = devProject();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const argv = ["dev", folder, "--json", "--no-chain", "--count", "1", "--port", String(port)];
    const run = await runCliProcess(argv);
    expect([run.code, codeOf(run.stdout)]).toEqual([5, "API_ADDRESS_UNAVAILABLE"]);
  });
});
