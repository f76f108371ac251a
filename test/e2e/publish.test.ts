import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../src/core/config/load-config.ts";
import { runCliProcess } from "../support/cli-process.ts";
import { codeBlock } from "../support/code-blocks.ts";
import { dataOf, nextRound, prepareHost, startHost, stopHost } from "../support/emulated-host.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GUIDE = "docs/registry.md";
const PASSWORD = "a long password of your own";
const env = { CRYPTLET_KEY_PASSWORD: PASSWORD };

it("runs what the guide says, from the key to a second host that signs values and stops", async () => {
  const folder = temporaryFolder();
  const registry = path.join(folder, "registry");
  const key = path.join(folder, "publisher.json");
  const lines = codeBlock(GUIDE, "sh", "key create")
    .split("\n")
    .filter((line) => line.startsWith("npx cryptlet "));
  expect(lines).toHaveLength(2);
  let published: Record<string, unknown> = {};
  for (const line of lines) {
    const argv = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? "",
    );
    const placed = argv.slice(2).map((word) => {
      if (word === "publisher.json") return key;
      if (word === "registry") return registry;
      return word === "my-feed" ? path.resolve("cryptlets/gold-price") : word;
    });
    const run = await runCliProcess([...placed, "--json"], { env });
    expect([line, run.code, run.stderr]).toEqual([line, 0, ""]);
    published = dataOf(run.stdout);
  }
  expect(published).toMatchObject({ name: "gold-price", repeated: false });

  const { config } = await prepareHost();
  const given = JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>;
  const printed = z
    .object({ packages: z.record(z.string(), z.unknown()), cryptlets: z.array(z.unknown()) })
    .parse(published["configuration"]);
  const packages = { ...printed.packages, folders: "refuse", syncIntervalMs: 1_000 };
  writeFileSync(config, JSON.stringify({ ...given, ...printed, packages }));
  const first = await startHost(config);
  const round = await nextRound(first.url, 0);
  expect(round).toMatchObject({ mode: "EMULATED", simulated: true });
  await stopHost(first.host);

  // Offline: what was verified once is on the host's own disk.
  renameSync(registry, `${registry}-away`);
  const second = await startHost(config);
  await stopHost(second.host);
  renameSync(`${registry}-away`, registry);

  const third = await startHost(config);
  const mark = ["revoke", "gold-price@1.0.0", "--registry", registry, "--key", key];
  const revoked = await runCliProcess([...mark, "--reason", "reads the wrong market", "--json"], {
    env,
  });
  expect(revoked.code).toBe(0);
  await expect
    .poll(
      async () => {
        const answer = await fetch(new URL("/health", third.url));
        return JSON.stringify(await answer.json());
      },
      { timeout: 20_000 },
    )
    .toContain("reads the wrong market");
  await stopHost(third.host);
  const refused = await runCliProcess(["host", "start", "--config", config, "--json"]);
  expect(refused.code).toBe(4);
  expect(refused.stdout).toContain("RELEASE_REVOKED");
}, 120_000);

it("has a policy in the guide that the configuration takes", () => {
  const text = codeBlock(GUIDE, "json")
    .replace("registry.example.com+1d6b2c90+AZ…", `registry.example.com+1d6b2c90+${"A".repeat(44)}`)
    .replace("sha256:…", `sha256:${"a".repeat(64)}`);
  const parsed = parseConfig(JSON.parse(text), { env: {}, base: temporaryFolder() });
  expect(parsed.cryptlets[0]).toMatchObject({ id: "my-feed", package: null });
  expect(parsed.packages).toMatchObject({ folders: "refuse", onRevoked: "stop" });
});
