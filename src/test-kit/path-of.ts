import path from "node:path";
import { fileURLToPath } from "node:url";

/** Path of a file or folder that is named by path or file URL; without a slash at its end. */
export const pathOf = (place: string | URL): string =>
  typeof place === "string" ? place : path.join(fileURLToPath(place), ".").replace(/[\\/]$/, "");
