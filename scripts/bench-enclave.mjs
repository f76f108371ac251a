// `npm run bench:enclave`: the enclave's benches with the thousand instances, and appraisal beside them.
import { runNode } from "./run.mjs";

process.exit(
  runNode(["scripts/bench.mjs", "enclave", "appraise"], {
    env: { CRYPTLET_BENCH_INSTANCES: "1000", ...process.env },
  }),
);
