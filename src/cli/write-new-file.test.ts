import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { reportNotRun } from "../../test/support/not-run.ts";
import { smallDisk } from "../../test/support/small-disk.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { writeNewFile } from "./write-new-file.ts";

it("writes a file of this mode, and none over another", async () => {
  const file = path.join(temporaryFolder(), "key");
  await writeNewFile(file, "first", { mode: 0o600 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(writeNewFile(file, "second")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  expect(readFileSync(file, "utf8")).toBe("first");
});

it("leaves no half of a file on a full disk", async (context) => {
  const disk = smallDisk(64);
  if (disk === null) {
    reportNotRun("a new file on a full disk", "tmpfs cannot be mounted here");
    context.skip();
    return;
  }
  writeFileSync(path.join(disk, "filler"), new Uint8Array(32_768));
  const file = path.join(disk, "key");
  await expect(writeNewFile(file, "k".repeat(65_536))).rejects.toMatchObject({
    code: "FILE_UNWRITABLE",
  });
  expect(existsSync(file)).toBe(false);
});
