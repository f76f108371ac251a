import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "enclave-sim/**/*.test.ts",
      "cryptlets/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    setupFiles: ["test/support/coverage.ts"],
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
