import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "enclave-sim/**/*.test.ts",
      "cryptlets/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Minutes of waiting, kills and lies: `npm run test:long` and `npm run test:faults`.
    exclude: [...configDefaults.exclude, "test/long/**", "test/faults/**"],
    setupFiles: ["test/support/coverage.ts"],
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    // vitest leaves one core out; most suites wait for chains, servers and timers.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
