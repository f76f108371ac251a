import type { ErrorEntry } from "../arguments.ts";

/** Errors that a Cryptlet's author meets: scaffolding, recordings, tests, checks of the source, the developer's loop. */
export const authoringErrors = {
  PROJECT_NAME_INVALID: {
    kind: "user",
    message: "A package cannot be called {name}: {reason}",
    hint: "Name what it publishes in lower case, for example power-price.",
  },
  PROJECT_EXISTS: {
    kind: "user",
    message: "There is {path} already",
    hint: "Choose another name, or another place with --in; nothing is ever replaced.",
  },
  VITEST_MISSING: {
    kind: "unavailable",
    message: "The tests of {folder} cannot run: {reason}",
    hint: "npm install brings what package.json names; npm install --save-dev vitest adds it where it is missing.",
  },
  TESTS_MISSING: {
    kind: "user",
    message: "There is no test in {folder}",
    hint: "A test is a file that ends with .test.ts or .test.js; `cryptlet init` writes one.",
  },
  TESTS_FAILED: {
    kind: "user",
    message: "{failed} of {tests} tests failed, first {first}",
    hint: "What was expected stands above; --json has every failure with its place.",
    exit: 1,
  },
  TEST_NETWORK_REFUSED: {
    kind: "user",
    message: "A test reached for the network: {place}",
    hint: "Tests run on recorded answers: mockHttp, or a recording that was read with readRecording.",
  },
  RECORDING_INVALID: {
    kind: "user",
    message: "The recording {file} is refused:\n{faults}",
    hint: "docs/recordings.md has the whole format and an example to copy.",
  },
  RECORDING_HOLDS_SECRET: {
    kind: "user",
    message: "The recording {file} is not written: {where} repeats a secret",
    hint: "Recordings are files that others read. Record from an account whose answers name no secret.",
  },
  SOURCE_FORBIDDEN: {
    kind: "user",
    message: "The Cryptlet in {path} uses what none may use, in {count} place(s):\n{faults}",
    hint: "A run must be the same again on every machine. docs/build.md lists what is refused and why; the types of cryptlet-fabric/sdk/guest say it in the editor.",
  },
  SOURCE_MAP_INVALID: {
    kind: "user",
    message: "The source map is refused: {reason}",
    hint: "Build the package again: `cryptlet build` writes code and map together.",
  },
} as const satisfies Record<string, ErrorEntry>;
