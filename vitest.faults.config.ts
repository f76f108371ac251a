import { defineConfig } from "vitest/config";

/** `npm run test:faults`: minutes of kills, reorgs and lies, one file after another. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.test.ts"],
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
  },
});
