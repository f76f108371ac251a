import { execFileSync } from "node:child_process";

/** Worker threads and the command line run built JavaScript: build once before the tests. */
export const setup = (): void => {
  if (process.env["CRYPTLET_SKIP_BUILD"] === "1") return;
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
};
