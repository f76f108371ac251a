import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { createHttpRegistry } from "../../src/registry/http/http-registry.ts";
import { publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { serveRegistry } from "../support/serve-registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A name may have as many releases as its publisher likes, each with an entry of a quarter of a megabyte. Whoever asks
// for the name, without any token, must not have the host read all of them.

const gold = cryptletIdSchema.parse("gold-price");
const RELEASES = 60;
const pageSchema = z.object({ releases: z.array(z.unknown()), next: z.int().nullable() });

it("reads a page of a name's releases, however many there are", async () => {
  const folder = path.join(temporaryFolder(), "registry");
  await makeFolderRegistry(folder);
  const registry = await openFolderRegistry(folder);
  for (let patch = 0; patch < RELEASES; patch += 1)
    await publishTiny(registry, tinyPackage({ version: `1.0.${patch}` }));
  expect(await readFile(path.join(folder, "checkpoint"), "utf8")).toContain(`\n${RELEASES + 1}\n`);

  const served = await serveRegistry(folder);
  onTestFinished(() => served.close());
  const asked = vi.spyOn(served.service.log, "releases");
  const page = async (from: number) => {
    const answer = await fetch(`${served.url}/v1/registry/packages/gold-price?from=${from}`);
    const { releases, next } = pageSchema.parse(await answer.json());
    return { count: releases.length, next };
  };
  expect(await page(0)).toEqual({ count: 50, next: 50 });
  expect(await page(50)).toEqual({ count: 10, next: null });
  expect(await page(60)).toEqual({ count: 0, next: null });
  // The index reads the log too, by itself.
  const ranges = asked.mock.calls.flatMap(([, call]) => (call?.limit === undefined ? [] : [call]));
  expect(ranges).toEqual([0, 50, 60].map((from) => ({ from, limit: 51 })));
  expect(await registry.releases(gold, { from: 3, limit: 51 })).toHaveLength(51);

  const client = createHttpRegistry({ url: served.url });
  const versions = async (range: { from?: number; limit?: number }) =>
    (await client.releases(gold, range)).map(({ version }) => version);
  expect(await versions({})).toHaveLength(RELEASES);
  expect(await versions({ from: 48, limit: 4 })).toEqual(["1.0.48", "1.0.49", "1.0.50", "1.0.51"]);
}, 60_000);
