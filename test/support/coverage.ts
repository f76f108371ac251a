import v8 from "node:v8";
import { afterAll } from "vitest";

/** vitest ends its processes with a signal, and Node then writes no coverage: write it after each file. */
if (process.env["NODE_V8_COVERAGE"]) afterAll(() => v8.takeCoverage());
