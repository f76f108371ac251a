import { spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { folderContents } from "../support/folder-contents.ts";
import { publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MIRROR = path.join(import.meta.dirname, "..", "support", "killed-mirror.mjs");

const sync = async (source: string, copy: string, key: string, when: string, nth: number) => {
  const child = spawn(process.execPath, [MIRROR, source, copy, key, when, String(nth)], {
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
const publicFiles = (folder: string) =>
  new Map([...folderContents(folder)].filter(([name]) => !name.startsWith("private")));

it("a copy is what it was or what it becomes after kill -9 at every change of a name, and the next run ends well", async () => {
  const base = temporaryFolder();
  const source = path.join(base, "source");
  const { key } = await makeFolderRegistry(source);
  const registry = await openFolderRegistry(source);
  await publishTiny(registry, tinyPackage());
  const start = path.join(base, "start");
  expect((await sync(source, start, key, "before", 0)).stderr).toBe("");
  await publishTiny(registry, tinyPackage({ version: "1.1.0" }, "new code"));
  const before = readFileSync(path.join(start, "checkpoint"), "utf8");
  const after = readFileSync(path.join(source, "checkpoint"), "utf8");
  const whole = publicFiles(source);

  for (const from of ["nothing", "an older copy"]) {
    const prepare = (folder: string) => {
      if (from === "an older copy") cpSync(start, folder, { recursive: true });
    };
    const counted = path.join(base, `counted ${from}`);
    prepare(counted);
    const { stdout, stderr } = await sync(source, counted, key, "before", 0);
    expect(stderr).toBe("");
    const { renames } = JSON.parse(stdout) as { renames: number };
    expect(renames).toBeGreaterThan(3);
    for (let nth = 1; nth <= renames; nth += 1) {
      const when = nth % 2 === 0 ? "before" : "after";
      const copy = path.join(base, `${from} ${nth}`);
      prepare(copy);
      expect((await sync(source, copy, key, when, nth)).signal).toBe("SIGKILL");
      const checkpoint = path.join(copy, "checkpoint");
      const stands = existsSync(checkpoint) ? readFileSync(checkpoint, "utf8") : null;
      expect([from === "nothing" ? null : before, after]).toContain(stands);
      // Whatever stands under its checkpoint is whole: the reader goes through all of it.
      if (existsSync(path.join(copy, "registry.json"))) {
        const reader = await openFolderRegistry(copy);
        expect(await reader.checkpoint()).toBe(stands);
      }
      expect((await sync(source, copy, key, "before", 0)).stderr).toBe("");
      expect(publicFiles(copy)).toEqual(whole);
    }
  }
}, 240_000);
