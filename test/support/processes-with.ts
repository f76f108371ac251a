import { readdirSync, readFileSync } from "node:fs";

/** Command lines of this machine's processes that hold a mark. */
export const processesWith = (mark: string): readonly string[] =>
  readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8");
      } catch {
        // It ended meanwhile.
        return "";
      }
    })
    .filter((line) => line.includes(mark));
