import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { once } from "node:events";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { startFollowing } from "../../../test/support/follow-cli.ts";
import { commands } from "../commands.ts";
import { createStop } from "../stop.ts";

interface Ready {
  readonly type: string;
  readonly address: string;
  readonly port: number;
  readonly caFile: string;
  readonly control: string;
  readonly price: string;
  readonly configuration: { readonly providers: unknown };
}

/** One TLS request to the emulator under a provider's own name. */
const ask = async ({ address, port }: Ready, ca: string, host: string, url: string) => {
  const call = request({ host: address, port, ca, servername: host, path: url, headers: { host } });
  call.end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode;
};

describe("cryptlet dev providers", () => {
  it("prints one line when it is ready, serves TLS under its own authority, ends with 0 on SIGTERM", async () => {
    const caFile = path.join(temporaryFolder(), "ca.pem");
    const { events, stop, done } = startFollowing(
      ["dev", "providers", "--seed", "s", "--price", "2000.5", "--step", "0", "--ca-file", caFile],
      commands,
    );
    const ready = (await events.next()) as Ready;
    expect(ready).toMatchObject({ type: "ready", caFile, price: "2000.500000" });
    expect(ready.configuration.providers).toMatchObject({
      mode: "emulated",
      emulator: { address: "127.0.0.1", port: ready.port, caFile },
    });
    const ca = readFileSync(caFile, "utf8");
    expect(await ask(ready, ca, "api.gold-api.com", "/price/XAU")).toBe(200);
    stop(createStop("SIGTERM"));
    expect(await done).toMatchObject({ code: 0, stderr: "" });
    await expect(fetch(`${ready.control}/state`)).rejects.toThrow("fetch failed");
  });

  it("answers from a recording, and nothing that is not in it", async () => {
    const folder = temporaryFolder();
    const replay = path.join(folder, "negative.json");
    const caFile = path.join(folder, "ca.pem");
    const asked = { url: "https://api.awattar.de/v1/marketdata" };
    const json = { data: [{ marketprice: -12.5 }] };
    const exchanges = [{ id: "awattar", request: asked, json }];
    writeFileSync(replay, JSON.stringify({ version: 1, exchanges }));
    const { events, stop, done } = startFollowing(
      ["dev", "providers", "--replay", replay, "--ca-file", caFile],
      commands,
    );
    const ready = (await events.next()) as Ready;
    expect(ready).toMatchObject({ type: "ready", caFile, hosts: ["api.awattar.de"] });
    const ca = readFileSync(caFile, "utf8");
    expect(await ask(ready, ca, "api.awattar.de", "/v1/marketdata")).toBe(200);
    expect(await ask(ready, ca, "api.awattar.de", "/v1/other")).toBe(404);
    stop(createStop("SIGTERM"));
    expect(await done).toMatchObject({ code: 0, stderr: expect.stringContaining("/v1/other") });
  });

  it("refuses a recording that is none, and a place for the authority that is none", async () => {
    const folder = temporaryFolder();
    const replay = path.join(folder, "broken.json");
    writeFileSync(replay, '{ "version": 2 }');
    const broken = await runForTest(["dev", "providers", "--replay", replay], commands);
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining("RECORDING_INVALID") });
    writeFileSync(replay, '{ "version": 1, "exchanges": [] }');
    const unwritable = await runForTest(
      ["dev", "providers", "--replay", replay, "--ca-file", path.join(folder, "no/ca.pem")],
      commands,
    );
    expect(unwritable.stderr).toContain("FILE_UNWRITABLE");
  });

  it("plays a recorded series", async () => {
    const series = path.join(temporaryFolder(), "series.csv");
    writeFileSync(series, "Date,Price\n2020-01,1560.670\n2020-02,1597.100\n");
    const { events, stop, done } = startFollowing(
      ["dev", "providers", "--series", series, "--from", "2020-02"],
      commands,
    );
    expect(await events.next()).toMatchObject({ price: "1597.100000" });
    stop(createStop("SIGINT"));
    expect((await done).code).toBe(130);
  });

  it.each([
    [["--from", "2020-01"], 2, "USAGE_INVALID"],
    [["--price", "gold"], 2, "DECIMAL_INVALID"],
    [["--price", "-1"], 2, "PRICE_REFUSED"],
    [["--series", "/nowhere.csv"], 2, "SERIES_UNREADABLE"],
    [["--port", "70000"], 2, "USAGE_INVALID"],
    [["--ca-file", "/nowhere/ca.pem"], 2, "FILE_UNWRITABLE"],
  ])("refuses %j", async (flags, code, error) => {
    const run = await runForTest(["dev", "providers", ...flags, "--json"], commands);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, error: { code: error } });
    expect(run.code).toBe(code);
  });
});
