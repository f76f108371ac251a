import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "enclave-sim/**/*.test.ts",
      "cryptlets/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Minutes of kills and lies: `npm run test:faults`.
    exclude: [...configDefaults.exclude, "test/faults/**"],
    setupFiles: ["test/support/coverage.ts"],
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
