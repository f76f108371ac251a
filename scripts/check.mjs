// `npm run check`: everything that can be said about the code without running its tests.
import { bin, runNode, runSteps } from "./run.mjs";

process.exit(
  runSteps({
    build: () => runNode(["scripts/build.mjs"]),
    format: () => runNode([bin("oxfmt", "bin/oxfmt"), "--check"]),
    lint: () =>
      runNode([
        bin("oxlint", "bin/oxlint"),
        "--type-aware",
        "--deny-warnings",
        "--report-unused-disable-directives",
      ]),
    types: () => runNode([bin("typescript", "bin/tsc"), "-p", "."]),
    "dead code": () => runNode([bin("knip", "bin/knip.js")]),
    docs: () => runNode(["scripts/docs.mjs", "--check"]),
    "lock file": () => runNode(["scripts/complete-lock.mjs", "--check"]),
    package: () => runNode(["scripts/check-package.mjs"]),
  }),
);
