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
    // Its rules and what is off, with the reasons: docs/contracts.md.
    contracts: () =>
      runNode([
        bin("solhint", "solhint.js"),
        "--noPoster",
        "--max-warnings",
        "0",
        "contracts/**/*.sol",
      ]),
    types: () => runNode([bin("typescript", "bin/tsc"), "-p", "."]),
    "dead code": () => runNode([bin("knip", "bin/knip.js")]),
    docs: () => runNode(["scripts/docs.mjs", "--check"]),
    links: () => runNode(["scripts/check-links.mjs"]),
    // Pages that the site's compiler refuses are found here; about 10 s.
    site: () => runNode(["scripts/site.mjs"]),
    "public names": () => runNode(["scripts/api.mjs", "--check"]),
    "lock file": () => runNode(["scripts/complete-lock.mjs", "--check"]),
    package: () => runNode(["scripts/check-package.mjs"]),
  }),
);
