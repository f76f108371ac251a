// `npm run verify`: all checks, all tests under coverage with nothing left out, all benches.
import { runNode, runSteps } from "./run.mjs";

process.exit(
  runSteps({
    check: () => runNode(["scripts/check.mjs"]),
    "tests and coverage": () => runNode(["scripts/coverage.mjs", "--strict"]),
    bench: () => runNode(["scripts/bench.mjs"]),
  }),
);
