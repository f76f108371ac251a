import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { createApi } from "../../src/api/create-api.ts";
import { commands } from "../../src/cli/commands.ts";
import { loadOnce } from "../../src/cli/load-once.ts";
import type { Digest } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { publishRelease } from "../../src/registry/publish-release.ts";
import { obedientConfig, startStage } from "../support/fabric-stage.ts";
import {
  publisherKey,
  publishTiny,
  releaseInput,
  tinyPackage,
} from "../support/release-fixture.ts";
import { runForTest } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A host that runs a package and serves the registry that it stands in, asked from the command line as a stranger would.

let emulator: ProviderEmulator;
beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
});
afterAll(async () => {
  await emulator.close();
});

const startHost = async (change: { readonly measurement?: Digest } = {}) => {
  const base = temporaryFolder();
  const folder = path.join(base, "registry");
  await makeFolderRegistry(folder);
  const registry = await openFolderRegistry(folder);
  const config = obedientConfig(base, emulator, ["publish"], {
    registry: { folder, refreshMs: 100 },
  });
  const [entry] = config.cryptlets;
  const found = await readPackage(entry?.package ?? "");
  const measurement =
    change.measurement ??
    (await loadOnce(found, AbortSignal.timeout(60_000), (loaded) => loaded.measurement));
  await publishRelease(
    registry,
    { ...releaseInput(found), measurement },
    { key: publisherKey(1), displayName: "Acme", approveCapabilities: false },
  );
  const stage = await startStage(config);
  const api = createApi({ fabric: stage.fabric, log: silentLog });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await api.close();
    await stage.fabric.stop();
  });
  return { url, stage, registry };
};

const run = async (...argv: string[]) => {
  const { code, stdout, stderr } = await runForTest([...argv, "--json"], commands);
  const body = JSON.parse(stdout) as { data: Record<string, unknown> };
  return { code, stderr, data: body.data };
};

describe("a host that serves a registry", () => {
  it("is searched, and shows what its feed says, checked against the release's measurement", async () => {
    const { url, stage } = await startHost();
    await stage.run("publish");
    expect((await run("search", "obedient", "host:gold-api.com", "--url", url)).data).toMatchObject(
      {
        packages: [{ name: "obedient", publisherName: "Acme", match: "name" }],
      },
    );
    const shown = await run("show", "obedient", "--values", "--url", url);
    expect(shown.data).toMatchObject({
      name: "obedient",
      values: [
        {
          feed: "gold-publish",
          manifestFeed: "price",
          round: expect.any(Number),
          value: expect.stringMatching(/^4000\.\d+ USD$/),
          mode: "EMULATED",
          simulated: true,
          failed: null,
        },
      ],
    });
    const text = await runForTest(["show", "obedient", "--values", "--url", url], commands);
    for (const part of ["gold-publish", "USD", "EMULATED SIMULATED", "evidence binds"])
      expect(text.stdout).toContain(part);
  });

  it("shows no value of other code than the release's", async () => {
    const measurement = `sha256:${"12".repeat(32)}` as Digest;
    const { url, stage } = await startHost({ measurement });
    await stage.run("publish");
    const shown = await run("show", "obedient", "--values", "--url", url);
    expect(shown.data).toMatchObject({ values: [{ value: null, contracts: [] }] });
    const [value] = shown.data["values"] as [{ failed: string | null }];
    expect(value.failed).not.toBeNull();
  });

  it("finds what others write into its folder", async () => {
    const { url, stage, registry } = await startHost();
    await publishTiny(registry, tinyPackage({ id: "wind-speed", description: "Of the north sea" }));
    const found = async () => (await run("search", "north", "sea", "--url", url)).data["packages"];
    // The stage's clock stands still until it is moved past the next look.
    for (let looks = 0; looks < 100 && ((await found()) as unknown[]).length === 0; looks += 1)
      await stage.clock.advance(100);
    expect(await found()).toMatchObject([{ name: "wind-speed" }]);
  });
});
