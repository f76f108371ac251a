import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { parseBundle } from "../../envelope/bundle.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { commands } from "../commands.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";

const AT = "2026-05-10T12:00:00.000Z";
const manifest = {
  id: "power-price",
  version: "1.0.0",
  description: "A price that goes negative",
  feeds: [
    { id: "day-ahead", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "EUR" },
    { id: "broken", kind: "decimal", description: "B", minSources: 1, decimals: 2, unit: "EUR" },
  ],
  capabilities: {
    http: { hosts: [{ host: "api.power.example", paths: ["/price"] }] },
    secrets: [{ name: "POWER_KEY", hosts: ["api.power.example"] }],
    time: true,
  },
};
const MAIN = `
import { defineCryptlet, noParameters } from "cryptlet-fabric/sdk";
import manifest from "../cryptlet.json" with { type: "json" };
import { double } from "./double.ts";

export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "day-ahead": { parameters: noParameters }, broken: { parameters: noParameters } },
  run: (ctx) => {
    const answer = ctx.http.get("https://api.power.example/price", {
      id: "power",
      headers: { authorization: ctx.secret("POWER_KEY") },
    });
    if (!answer.ok) throw new Error(answer.error.code);
    ctx.log.info("asked at " + new Date(ctx.now()).toISOString());
    if (ctx.trigger.feed === "broken") double(null as never);
    const text: string = JSON.parse(answer.body).price;
    return {
      feed: ctx.trigger.feed,
      value: { kind: "decimal", text, decimals: 2, unit: "EUR" },
      observedAt: ctx.now(),
      market: { status: "open", session: null, nextOpen: null },
      sources: [
        { id: "power", reference: answer.reference, extracted: text, observedAt: null, outlier: false, error: null },
      ],
      aggregation: { method: "single-source", minSources: 1, used: 1, spread: "0" },
    };
  },
});
`;
const DOUBLE = `export const double = (order: { price: number }): number => {
  const twice = 2;
  return order.price * twice;
};
`;
const recording = {
  version: 1,
  about: "By hand",
  exchanges: [
    {
      id: "power",
      request: { method: "GET", url: "https://api.power.example/price" },
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"price":"-12.50"}',
      receivedAt: AT,
    },
  ],
};

const shared = createTemporaryFolder("cryptlet-run-test-");
const folder = shared.path;
afterAll(() => shared.remove());
beforeAll(() => {
  mkdirSync(path.join(folder, "src"));
  mkdirSync(path.join(folder, "recordings"));
  writeFileSync(path.join(folder, "cryptlet.json"), JSON.stringify(manifest));
  writeFileSync(path.join(folder, "src/main.ts"), MAIN);
  writeFileSync(path.join(folder, "src/double.ts"), DOUBLE);
  writeFileSync(path.join(folder, "recordings/negative.json"), JSON.stringify(recording));
});

interface Said {
  readonly code: number;
  readonly document: { readonly data: Record<string, unknown>; readonly error?: { code: string } };
}
const run = async (...words: string[]): Promise<Said> => {
  const { code, stdout } = await runForTest(["run", folder, ...words, "--json"], commands);
  return { code, document: JSON.parse(stdout) as Said["document"] };
};
const recorded = () => ["--input", path.join(folder, "recordings/negative.json")];

describe("cryptlet run", { timeout: 60_000 }, () => {
  it("answers from a recording at the recording's time, and says all of it", async () => {
    const { code, document } = await run(...recorded(), "--feed", "day-ahead");
    expect([code, document.error]).toEqual([0, undefined]);
    expect(document.data).toMatchObject({
      cryptlet: { id: "power-price", measurement: expect.stringMatching(/^sha256:/) },
      simulated: true,
      at: Date.parse(AT),
      sources: { mode: "recorded" },
      observation: { value: { text: "-12.50" }, observedAt: Date.parse(AT) },
      readings: [{ id: "power", extracted: "-12.50", mode: "EMULATED", status: 200 }],
      refusal: null,
      log: [{ level: "info", message: `asked at ${AT}` }],
      calls: [
        { op: "http.all", came: "200" },
        { op: "time.now" },
        { op: "log" },
        { op: "time.now" },
      ],
      used: { hostCalls: { used: 4, limit: 256 }, logCharacters: { limit: 65_536 } },
      envelopeDigest: expect.stringMatching(/^sha256:/),
      notRecorded: [],
    });
  });

  it("is at the time that it is told", async () => {
    const { document } = await run(
      ...recorded(),
      "--feed",
      "day-ahead",
      "--at",
      "2027-01-01T00:00:00Z",
    );
    expect(document.data).toMatchObject({
      at: Date.UTC(2027, 0, 1),
      log: [{ message: "asked at 2027-01-01T00:00:00.000Z" }],
    });
  });

  it("leads a defect back to the line that its author wrote, for people and for machines", async () => {
    const { code, document } = await run(...recorded(), "--feed", "broken");
    expect([code, document.error?.code]).toEqual([1, "CRYPTLET_FAILED"]);
    expect(document.data).toMatchObject({
      observation: null,
      refusal: { code: "CRYPTLET_FAILED" },
      log: [{ level: "info" }],
      envelopeDigest: null,
    });
    const { stack } = document.data["refusal"] as { stack: readonly string[] };
    expect(stack[0]).toMatch(/^src\/double\.ts:3:/);
    expect(stack.some((place) => place.startsWith("src/main.ts:16:"))).toBe(true);
    const people = await runForTest(["run", folder, ...recorded(), "--feed", "broken"], commands);
    expect(people.stdout).toContain("return order.price * twice;");
    expect(people.stdout).toContain("SIMULATED");
  });

  it("writes what replay takes, a recording that gives the same, and a bundle of keys that are gone", async () => {
    const out = path.join(temporaryFolder(), "out");
    const again = path.join(temporaryFolder(), "again.json");
    const flags = [...recorded(), "--feed", "day-ahead", "--out", out, "--sign", "--record", again];
    const { code } = await run(...flags);
    expect(code).toBe(0);
    const transcript = path.join(out, "transcript.json");
    const bundle = path.join(out, "bundle.json");
    expect(parseBundle(readFileSync(bundle)).run).toMatchObject({ attestation: "simulated" });
    const replayed = await runForTest(
      ["replay", bundle, "--transcript", transcript, "--package", folder, "--json"],
      commands,
    );
    expect(replayed.code).toBe(0);
    expect(JSON.parse(replayed.stdout)).toMatchObject({
      data: { same: true, statement: "bundle" },
    });
    const once = await run("--input", again, "--feed", "day-ahead");
    expect(once.document.data).toMatchObject({ observation: { value: { text: "-12.50" } } });
    expect(readFileSync(again, "utf8")).not.toContain("not-a-secret");
  });

  it("replays a bare envelope, says that nobody's signature was checked, and finds what does not follow", async () => {
    const out = path.join(temporaryFolder(), "out");
    await run(...recorded(), "--feed", "day-ahead", "--out", out, "--sign");
    const { envelope } = parseBundle(readFileSync(path.join(out, "bundle.json")));
    const file = path.join(out, "envelope.json");
    const beside = [
      "--transcript",
      path.join(out, "transcript.json"),
      "--package",
      folder,
      "--json",
    ];
    writeFileSync(file, JSON.stringify(envelope));
    const same = await runForTest(["replay", file, ...beside], commands);
    expect(same.code).toBe(0);
    expect(JSON.parse(same.stdout)).toMatchObject({
      data: { same: true, statement: "envelope", signedBy: null },
    });
    const text = Buffer.from(envelope.payload, "base64")
      .toString("utf8")
      .replace("-12.50", "-12.51");
    const forged = { ...envelope, payload: Buffer.from(text).toString("base64") };
    writeFileSync(file, JSON.stringify(forged));
    const other = await runForTest(["replay", file, ...beside], commands);
    expect(other.code).toBe(14);
    expect(JSON.parse(other.stdout)).toMatchObject({
      data: { differences: [{ where: "statement", path: "sources.0.extracted" }] },
    });
    writeFileSync(file, JSON.stringify({ ...envelope, payloadType: "text/plain" }));
    const strange = await runForTest(["replay", file, ...beside], commands);
    expect(JSON.parse(strange.stdout)).toMatchObject({
      error: { code: "PAYLOAD_TYPE_UNEXPECTED" },
    });
  });

  it("takes the package of this folder where its measurement is the recorded one, and no other", async () => {
    const out = path.join(temporaryFolder(), "out");
    await run(...recorded(), "--feed", "day-ahead", "--out", out);
    const transcript = path.join(out, "transcript.json");
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    const before = process.cwd();
    process.chdir(copy);
    try {
      const here = await runForTest(["replay", transcript, "--json"], commands);
      expect(JSON.parse(here.stdout)).toMatchObject({ data: { same: true, packageFolder: "." } });
      writeFileSync(
        "src/double.ts",
        "export const double = (order: { price: number }) => order.price;",
      );
      const changed = await runForTest(["replay", transcript, "--json"], commands);
      expect(JSON.parse(changed.stdout)).toMatchObject({ error: { code: "USAGE_INVALID" } });
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    [["--feed", "nothing"], "FEED_NOT_DECLARED"],
    [[], "USAGE_INVALID"],
    [["--feed", "day-ahead", "--input", "nowhere.json"], "FILE_UNREADABLE"],
    [["--feed", "day-ahead", "--parameters", "nowhere.json"], "FILE_UNREADABLE"],
    [["--feed", "day-ahead", "--read-chain", "x"], "USAGE_INVALID"],
    [["--feed", "day-ahead", "--sources", "emulated"], "DEV_SOURCES_MISSING"],
  ])("refuses %j by code", async (words, code) => {
    const input = words.includes("--input") || words.includes("--sources") ? [] : recorded();
    const said = await run(...input, ...words);
    expect(said.code).not.toBe(0);
    expect(said.document.error?.code).toBe(code);
  });

  it("writes nothing where it cannot", async () => {
    const blocked = path.join(temporaryFolder(), "file");
    writeFileSync(blocked, "");
    const said = await run(
      ...recorded(),
      "--feed",
      "day-ahead",
      "--out",
      path.join(blocked, "out"),
    );
    expect(said.document.error?.code).toBe("FILE_UNWRITABLE");
    expect(existsSync(path.join(blocked, "out"))).toBe(false);
  });
});
