import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Lane, Wall } from "../protocol/lane.ts";
import { createProgramHouse } from "../runners/process/program-house.ts";
import { programLanguage } from "../runners/process/program-runtimes.ts";
import { detectWall, type WallState } from "../wall/detect-wall.ts";
import { createWallGuestHouse } from "../wall/wall-guest-house.ts";
import type { WallLimits } from "../wall/wall-process.ts";
import type { CryptletPackage } from "./enclave.ts";
import { isFirstParty, packageDigest } from "./first-party.ts";
import type { GuestHouse } from "./guest-house.ts";
import { createThreadGuestHouse } from "./thread-guest-house.ts";

/** What is asked of the outer wall for packages of third parties. */
export type WallPolicy =
  /** Behind it where there is one; else without, and the receipt says so. */
  | "where-possible"
  /** Never without: `WALL_UNAVAILABLE`. */
  | "required"
  /** Insecure: third parties' code shares the enclave's process. */
  | "insecure-none";

/** Where guests of a package live. */
export interface Quarters {
  /** Whose share of the places to run it uses. */
  readonly publisher: { readonly name: string; readonly places: number };
  /**
   * Whose guests it shares: its publisher's behind the wall, never two publishers in one process. Without a wall all
   * are in one process anyway, and guests of their own for each would cost memory and protect nobody.
   */
  readonly house: string;
  readonly wall: Wall;
  /** Why there is no wall where one was wanted, in words; null otherwise. */
  readonly wallMissing: string | null;
  readonly build: () => GuestHouse;
}

/** The one house that is not behind a wall. */
const ENCLAVE_HOUSE = "enclave";

/** Runs of one publisher at a time: what ships with the fabric, and everybody else. */
const FIRST_PARTY_PLACES = 32;
const THIRD_PARTY_PLACES = 8;
/** Bytes of Node itself behind the wall, and of each guest besides its engine's memory. */
const NODE_BYTES = 402_653_184;
const GUEST_BYTES = 33_554_432;
/** Threads of Node and of guests. */
const PROCESSES = 64;
/** Node opens all modules of a library at once, and lane evm's has some two hundred. */
const FILES = 512;

/** One process for all guests of a publisher: its memory is bounded by what so many of its engines may use. */
const wallLimits = (memoryBytes: number): WallLimits => ({
  memoryBytes: NODE_BYTES + THIRD_PARTY_PLACES * (GUEST_BYTES + memoryBytes),
  processes: PROCESSES,
  files: FILES,
  temporaryBytes: 0,
});

const unwalled = (publisher: Quarters["publisher"], wallMissing: string | null): Quarters => ({
  publisher,
  house: ENCLAVE_HOUSE,
  wall: "none",
  wallMissing,
  build: createThreadGuestHouse,
});

/** Decides where packages live; the wall is tried once. */
export interface QuarterMaster {
  /**
   * `signer` is who signed the package, after that was verified; without one a package is its own publisher.
   * Throws `WALL_UNAVAILABLE` where the policy or the lane demands a wall.
   */
  assign(
    cryptlet: CryptletPackage,
    options: { readonly signer: string | null; readonly memoryBytes: number },
  ): Promise<Quarters>;
}

export const createQuarterMaster = (
  policy: WallPolicy,
  detect: () => Promise<WallState> = detectWall,
): QuarterMaster => {
  let state: Promise<WallState> | undefined;
  const stateOf = (): Promise<WallState> => (state ??= detect());
  const refuse = (lane: Lane, found: WallState): string => {
    const reason = found.available ? "" : found.reason;
    if (policy === "required" || lane === "process")
      throw fabricError("WALL_UNAVAILABLE", { reason });
    return reason;
  };
  return {
    assign: async (cryptlet, { signer, memoryBytes }) => {
      const { lane, language } = cryptlet.manifest;
      if (lane !== "process" && (await isFirstParty(cryptlet)))
        return {
          publisher: { name: "first-party", places: FIRST_PARTY_PLACES },
          house: ENCLAVE_HOUSE,
          wall: "none",
          wallMissing: null,
          build: createThreadGuestHouse,
        };
      const owner = signer === null ? `package ${packageDigest(cryptlet)}` : `signer ${signer}`;
      // Programs live in a house of their language, which a publisher's other Cryptlets cannot share.
      const name = lane === "process" ? `${owner}, programs in ${language}` : owner;
      const publisher = { name, places: THIRD_PARTY_PLACES };
      if (policy === "insecure-none" && lane !== "process") return unwalled(publisher, null);
      const found = await stateOf();
      if (!found.available) {
        return unwalled(publisher, refuse(lane, found));
      }
      return {
        publisher,
        house: name,
        wall: "bubblewrap+seccomp",
        wallMissing: null,
        build: () =>
          lane === "process"
            ? createProgramHouse(programLanguage(language))
            : createWallGuestHouse(wallLimits(memoryBytes)),
      };
    },
  };
};
