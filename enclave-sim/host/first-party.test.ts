import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { answering, probePackage } from "../../test/support/guest-fixture.ts";
import { writePackage } from "./build-package.ts";
import { FIRST_PARTY_FILE, isFirstParty, packageDigest } from "./first-party.ts";
import { MANIFEST_FILE, readPackage } from "./read-package.ts";

const SHIPPED = "dist/cryptlets";

test("a package that somebody builds into the folder of the shipped ones stays a stranger's", async () => {
  const folder = await mkdtemp(path.join(SHIPPED, "stranger-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writePackage({ ...probePackage(answering()), sourceMap: null }, folder);
  expect(await isFirstParty(await readPackage(folder))).toBe(false);
  expect(await isFirstParty(await readPackage(path.join(SHIPPED, "gold-price")))).toBe(true);
});

test("the build lists the packages of this repository and no others", async () => {
  const sources = await readdir("cryptlets");
  const isPackage = await Promise.all(
    sources.map((name) =>
      stat(path.join("cryptlets", name, MANIFEST_FILE)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const digests = await Promise.all(
    sources
      .filter((_, at) => isPackage[at])
      .map(async (name) => packageDigest(await readPackage(path.join(SHIPPED, name)))),
  );
  const listed: unknown = JSON.parse(await readFile(path.join(SHIPPED, FIRST_PARTY_FILE), "utf8"));
  expect(listed).toEqual(digests);
});
