import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { fabricDependency, findFabricPackage } from "./fabric-package.ts";

/** A project with the fabric installed, as npm notes it. */
const installed = (resolved: string | null, version: string) => {
  const project = temporaryFolder();
  const nodeModules = path.join(project, "node_modules");
  const root = path.join(nodeModules, "cryptlet-fabric");
  mkdirSync(path.join(root, "dist/src/cli"), { recursive: true });
  const file = { name: "cryptlet-fabric", version, devDependencies: { vitest: "4.1.11" } };
  writeFileSync(path.join(root, "package.json"), JSON.stringify(file));
  if (resolved !== null)
    writeFileSync(
      path.join(nodeModules, ".package-lock.json"),
      JSON.stringify({ packages: { "node_modules/cryptlet-fabric": { version, resolved } } }),
    );
  return { project, fabric: findFabricPackage(path.join(root, "dist/src/cli")) };
};
const specifierOf = ({ project, fabric }: ReturnType<typeof installed>) =>
  fabricDependency(fabric, path.join(project, "my-feed"));

describe("findFabricPackage", () => {
  it("finds this checkout", () => {
    const found = findFabricPackage();
    expect(found.root).toBe(path.resolve("."));
    expect(found.devDependencies["vitest"]).toMatch(/^\d/);
  });

  it("says so where it is not", () => {
    expect(() => findFabricPackage(temporaryFolder())).toThrow(/is not above/);
  });
});

describe("fabricDependency", () => {
  it("is the installed version of a registry", () => {
    const from = installed("https://registry.npmjs.org/cryptlet-fabric/-/x.tgz", "1.4.0");
    expect(specifierOf(from)).toBe("^1.4.0");
  });

  it("is the tarball that it came from, while that is there", () => {
    const from = installed("file:../cryptlet-fabric-0.0.0.tgz", "0.0.0");
    expect(specifierOf(from)).toBe("file:../node_modules/cryptlet-fabric");
    const tarball = installed("file:cryptlet-fabric-0.0.0.tgz", "0.0.0");
    writeFileSync(path.join(tarball.project, "cryptlet-fabric-0.0.0.tgz"), "");
    expect(specifierOf(tarball)).toBe("file:../cryptlet-fabric-0.0.0.tgz");
  });

  it("is the folder of a checkout, and of what nobody published", () => {
    expect(fabricDependency(findFabricPackage(), path.resolve("my-feed"))).toBe("file:..");
    expect(specifierOf(installed(null, "0.0.0"))).toBe("file:../node_modules/cryptlet-fabric");
    // npm -g notes nothing: a published version is taken for one.
    expect(specifierOf(installed(null, "1.4.0"))).toBe("^1.4.0");
  });

  it("is no version where npm's note is not one", () => {
    const broken = installed("git+ssh://git@example.com/x.git", "1.4.0");
    expect(specifierOf(broken)).toBe("file:../node_modules/cryptlet-fabric");
  });
});
