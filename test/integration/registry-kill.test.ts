import { spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { openCheckpoint } from "../../src/registry/checkpoint.ts";
import { openLogFollower } from "../../src/registry/log-follower.ts";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { filesOf } from "../../src/registry/package-statement.ts";
import { codeNameOf, tinyPackage } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PUBLISHER = path.join(import.meta.dirname, "..", "support", "killed-publisher.mjs");
const gold = cryptletIdSchema.parse("gold-price");

const publish = async (registry: string, folder: string, when: string, nth: number) => {
  const child = spawn(process.execPath, [PUBLISHER, registry, folder, "1", when, String(nth)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, signal] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<string | null>((resolve) => {
      child.on("close", (_code, ended) => resolve(ended));
    }),
  ]);
  return { stdout, stderr, signal };
};

/** Whoever reads the registry now, from nothing and believing nothing: how many entries, and every file of every release. */
const readAll = async (folder: string): Promise<number> => {
  const registry = await openFolderRegistry(folder);
  const { key } = registry.identity;
  const follower = await openLogFollower({
    file: path.join(temporaryFolder(), "followed.json"),
    key,
    names: [gold],
  });
  expect(await follower.sync(registry)).toBe(true);
  for (const { statement } of await registry.releases(gold))
    for (const { file } of filesOf(statement))
      expect(digestOf(await registry.blob(file.digest))).toBe(file.digest);
  return openCheckpoint(await registry.checkpoint(), key).size;
};

it("is whole after kill -9 at every change of a name, and publishing again ends well with one release", async () => {
  const base = temporaryFolder();
  const folder = path.join(base, "package");
  mkdirSync(folder);
  const cryptlet = tinyPackage();
  writeFileSync(path.join(folder, "cryptlet.json"), cryptlet.manifestBytes);
  writeFileSync(path.join(folder, codeNameOf(cryptlet)), cryptlet.bundle);
  const empty = path.join(base, "registry");
  await makeFolderRegistry(empty);

  const whole = path.join(base, "whole");
  cpSync(empty, whole, { recursive: true });
  const { stdout, stderr } = await publish(whole, folder, "before", 0);
  expect(stderr).toBe("");
  const { renames } = JSON.parse(stdout) as { renames: number };
  // Entry and checkpoint of the publisher; four files, entry and checkpoint of the release.
  expect(renames).toBe(8);

  const seen = new Set<number>();
  for (const when of ["before", "after"])
    for (let nth = 1; nth <= renames; nth++) {
      const killed = path.join(base, `${when}-${nth}`);
      cpSync(empty, killed, { recursive: true });
      expect((await publish(killed, folder, when, nth)).signal).toBe("SIGKILL");
      seen.add(await readAll(killed));
      const again = await publish(killed, folder, "before", 0);
      expect([when, nth, again.stderr]).toEqual([when, nth, ""]);
      expect(await readAll(killed)).toBe(2);
      const registry = await openFolderRegistry(killed);
      expect(await registry.releases(gold)).toHaveLength(1);
    }
  // Before the publisher, between publisher and release, and after both.
  expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
}, 180_000);
