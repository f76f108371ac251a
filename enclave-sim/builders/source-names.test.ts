import { describe, expect, it } from "vitest";
import { createSourceNames, isSdkName } from "./source-names.ts";

describe("createSourceNames", () => {
  const installed = "/home/a/node_modules/cryptlet-fabric/dist/src";
  const nameOf = createSourceNames("/home/a/feed", installed);

  it("knows an installed SDK by its files, and by where their maps say that they were written", () => {
    const inside = "../node_modules/cryptlet-fabric";
    expect(nameOf(`${inside}/dist/src/sdk/serve.js`)).toBe("cryptlet-fabric/sdk/serve.js");
    expect(nameOf(`${inside}/src/sdk/serve.ts`)).toBe("cryptlet-fabric/sdk/serve.ts");
  });

  it("takes nobody else for it", () => {
    for (const file of [
      "src/main.ts",
      "cryptlet-fabric/sdk/serve.ts",
      "node_modules/cryptlet-fabric/dist/src/sdk/serve.js",
      "../src/sdk/serve.ts",
      "../node_modules/cryptlet-fabric/srcs/serve.ts",
    ])
      expect([file, isSdkName(nameOf(file))]).toEqual([file, false]);
  });
});
