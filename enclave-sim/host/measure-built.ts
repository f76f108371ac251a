import { systemClock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/ids.ts";
import { limitsOf, WALL } from "../protocol/limits.ts";
import type { CryptletPackage } from "./enclave.ts";
import { measuredContents, measurePackage } from "./measure-package.ts";
import { createRunServices } from "./run-services.ts";

/**
 * Measurement of a package, without keys, platform or evidence: the engine evaluates its code once, as every load does,
 * because the memory that it leaves is part of it. Not behind the outer wall: for an author's own build.
 * Throws `CRYPTLET_INIT_FAILED`, `RUN_DEADLINE`, `GUEST_CRASHED`, `INTERRUPTED`.
 */
export const measureBuilt = async (
  cryptlet: CryptletPackage,
  { signal }: { readonly signal: AbortSignal },
): Promise<Digest> => {
  const { manifest, bundle } = cryptlet;
  const { lane } = manifest;
  // A program has no memory before its run: its file is what is measured.
  if (lane === "process") return measurePackage(measuredContents(cryptlet, { lane, code: bundle }));
  const limits = { ...limitsOf(manifest), outcomeCharacters: WALL.outcomeCharacters };
  const services = createRunServices("insecure-none", systemClock);
  try {
    const place = { signer: null, memoryBytes: limits.memoryBytes };
    const { house, build } = await services.quarters.assign(cryptlet, place);
    const lodging = services.pool.lodge(house, build);
    const code = { lane, code: bundle, cryptlet: manifest.id, limits };
    const bounds = { timeoutMs: WALL.initMs, signal };
    const snapshot = await lodging.use("", (guest) => guest.build(code, bounds), signal);
    return measurePackage(measuredContents(cryptlet, snapshot));
  } finally {
    await services.close();
  }
};
