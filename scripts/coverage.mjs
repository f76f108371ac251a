// `npm run coverage`: the tests under c8. vitest's own coverage sees nothing inside worker threads.
import { bin, runNode } from "./run.mjs";

process.exit(
  runNode([bin("c8", "bin/c8.js"), process.execPath, "scripts/test.mjs", ...process.argv.slice(2)]),
);
