import { expect, test } from "vitest";
import { evmInterpreter } from "./evm-interpreter.ts";

test("names the code and the rules of the lane, and nothing of this machine", () => {
  const text = evmInterpreter();
  expect(JSON.parse(text)).toMatchObject({
    engine: {
      "@ethereumjs/evm": expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      "@ethereumjs/statemanager": expect.stringMatching(/^sha256:/) as string,
    },
    rules: { hardfork: "osaka", maxDepth: 16 },
  });
  expect(text).not.toContain("/node_modules");
  expect(evmInterpreter()).toBe(text);
});
