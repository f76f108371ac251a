import { appendFileSync } from "node:fs";

/**
 * Notes by name that a suite did not run, and why: a JSON line in the file that `CRYPTLET_NOT_RUN_FILE` names, which
 * the test command prints at its end.
 */
export const reportNotRun = (suite: string, reason: string): void => {
  const file = process.env["CRYPTLET_NOT_RUN_FILE"];
  if (file !== undefined && file !== "")
    appendFileSync(file, `${JSON.stringify({ suite, reason })}\n`);
};
