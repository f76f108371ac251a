// Import it before anything that writes: the process dies (SIGKILL) before or after its n-th change of a name on the disk.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** `when` is "before" or "after", `nth` the number of the rename, 0 for never. `count()` gives the renames so far. */
export const dieAtRename = (when, nth) => {
  const { rename } = fs;
  let renames = 0;
  const die = () => process.kill(process.pid, "SIGKILL");
  fs.rename = async (from, to) => {
    renames += 1;
    const here = renames === Number(nth);
    if (here && when === "before") die();
    await rename(from, to);
    if (here) die();
  };
  syncBuiltinESMExports();
  return { count: () => renames };
};
