import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { syncFolder } from "./sync-folder.ts";

it("syncs a folder that is there, and says what is not", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "sync-folder-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await expect(syncFolder(folder)).resolves.toBeUndefined();
  await expect(syncFolder(path.join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});
