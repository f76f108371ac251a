import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { failureOf } from "../support/failure-of.ts";
import { reportNotRun } from "../support/not-run.ts";
import { publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it("publishes nothing onto a full disk, stays whole, and goes on when there is room", async (context) => {
  const disk = smallDisk(400);
  if (disk === null) {
    reportNotRun("a registry on a full disk", "tmpfs cannot be mounted here");
    context.skip();
    return;
  }
  const folder = path.join(disk, "registry");
  await makeFolderRegistry(folder);
  const registry = await openFolderRegistry(folder);
  await publishTiny(registry, tinyPackage());
  const filler = path.join(disk, "filler");
  writeFileSync(filler, "");
  // Less and less room: each step of a publication meets the end of the disk once.
  for (let free = 16; free >= 0; free -= 4) {
    rmSync(filler, { force: true });
    const used = Number(
      execFileSync("df", ["--output=avail", "-k", disk], { encoding: "utf8" }).split("\n")[1],
    );
    writeFileSync(filler, new Uint8Array(Math.max(0, used - free) * 1_024));
    const code = "x".repeat(20_000);
    const failure = await failureOf(() =>
      publishTiny(registry, tinyPackage({ version: "1.0.1" }, code)),
    );
    expect(failure.code).toBe("REGISTRY_UNWRITABLE");
    expect(readdirSync(path.join(folder, "private", "drafts"))).toEqual([]);
    const copy = path.join(temporaryFolder(), "copy");
    cpSync(folder, copy, { recursive: true });
    const reread = await openFolderRegistry(copy);
    expect(await reread.entries({ from: 0, limit: 10 })).toHaveLength(2);
  }
  rmSync(filler);
  const published = await publishTiny(
    registry,
    tinyPackage({ version: "1.0.1" }, "x".repeat(20_000)),
  );
  expect(published).toMatchObject({ position: 2, repeated: false });
  expect(await registry.releases(cryptletIdSchema.parse("gold-price"))).toHaveLength(2);
});
