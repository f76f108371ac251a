import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** A file system of its own with this much room; null where this machine does not let us mount one. */
export const smallDisk = (kibibytes: number): string | null => {
  const folder = temporaryFolder();
  const target = path.join(folder, "disk");
  mkdirSync(target);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", target], {
      stdio: "ignore",
    });
  } catch {
    return null;
  }
  onTestFinished(() => {
    execFileSync("umount", [target], { stdio: "ignore" });
  });
  return target;
};
