import { defineConfig } from "vitest/config";

/** `npm run test:long`: suites that wait for leases, fees and killed hosts for a minute and more. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
