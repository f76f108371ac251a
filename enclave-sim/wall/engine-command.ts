import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { evmPackages } from "../runners/evm/evm-packages.ts";
import { reachableFolder } from "./reachable-folder.ts";
import type { WallCommand, WallLimits } from "./wall-process.ts";
import { libraryFiles } from "./wall-tools.ts";

/** Where Node and the built guest code are seen inside. */
const NODE_INSIDE = "/guest/node";
const CODE_INSIDE = "/guest/code";
/** Beside the code, where Node looks for packages. */
const PACKAGES_INSIDE = "/guest/node_modules";

/** The folder that `npm run build` makes for the wall: guest process, guest thread and engines, without anything else. */
const codeFolder = (): string => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const folder = import.meta.url.endsWith(".ts")
    ? path.join(here, "../../dist/enclave-sim/wall/inside")
    : path.join(here, "inside");
  if (existsSync(folder)) return folder;
  throw fabricError("WALL_UNAVAILABLE", { reason: "the guest code for it was not built" });
};

/** What hosts a publisher's guests. */
export const GUEST_PROCESS = `${CODE_INSIDE}/guest-process.js`;

/** Node with these arguments and the built guest code behind the wall. Throws `WALL_UNAVAILABLE`. */
export const engineCommand = (args: readonly string[], limits: WallLimits): WallCommand =>
  nodeCommand(args, limits, [
    { from: reachableFolder(codeFolder()), to: CODE_INSIDE },
    ...evmPackages().map(({ name, folder }) => ({
      from: reachableFolder(folder),
      to: path.posix.join(PACKAGES_INSIDE, name),
    })),
  ]);

/** Node with these arguments behind the wall. */
export const nodeCommand = (
  args: readonly string[],
  limits: WallLimits,
  mounts: WallCommand["mounts"] = [],
): WallCommand => ({
  // One thread for V8's and one for libuv's work: a guest has no other use for them than memory.
  command: [NODE_INSIDE, "--v8-pool-size=1", "--no-addons", ...args],
  environment: { UV_THREADPOOL_SIZE: "1" },
  mounts: [
    ...libraryFiles(process.execPath).map((file) => ({ from: file })),
    { from: process.execPath, to: NODE_INSIDE },
    ...mounts,
  ],
  limits,
  profile: "engine",
});
