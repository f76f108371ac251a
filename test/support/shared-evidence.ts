import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { reportNotRun } from "./not-run.ts";

const BESIDE = "shared/vectors/attestation";
/** Beside the repository; what a bench compiled stands one folder deeper, in dist. */
const FOLDERS = ["../../..", "../../../.."].map((up) =>
  path.resolve(import.meta.dirname, up, BESIDE),
);
const FOLDER = FOLDERS.find((folder) => existsSync(folder)) ?? path.join("..", BESIDE);

/**
 * Real evidence of real hardware, read where it lies (its licences stand in PROVENANCE.md there). True when it is there;
 * otherwise the suite is noted as not run.
 */
export const haveSharedEvidence = (suite: string): boolean => {
  if (existsSync(FOLDER)) return true;
  reportNotRun(suite, `the folder of shared vectors is missing: ${FOLDER}`);
  return false;
};

/** Path of a shared vector. */
export const sharedEvidencePath = (...parts: readonly string[]): string =>
  path.join(FOLDER, ...parts);

/** Bytes of a shared vector. */
export const readSharedEvidence = (...parts: readonly string[]): Uint8Array =>
  new Uint8Array(readFileSync(sharedEvidencePath(...parts)));
