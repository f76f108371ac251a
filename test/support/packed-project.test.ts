import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { packedProject, packOnce } from "./packed-project.ts";

describe("a packed project", () => {
  it("runs the command line and its imports from the package alone", () => {
    const project = packedProject();
    expect(project.run(["--version"])).toMatchObject({ code: 0, stderr: "" });
    expect(project.run(["build", "nowhere", "--json"])).toMatchObject({ code: 2 });
    // No source of the checkout is beside it.
    const { nodeModules } = packOnce();
    expect(existsSync(path.join(nodeModules, "cryptlet-fabric/src"))).toBe(false);
    expect(existsSync(path.join(nodeModules, "vitest"))).toBe(false);
  });
});
