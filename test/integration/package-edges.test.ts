import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const { exports: edges } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  exports: Record<string, unknown>;
};
const run = promisify(execFile);

/** Runs `code` in a Node of its own, which resolves the package by its name as a user's would. */
const inNode = async (code: string): Promise<unknown> => {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], {
    cwd: root,
  });
  return JSON.parse(stdout);
};
const namesOf = async (edge: string) =>
  inNode(`console.log(JSON.stringify(Object.keys(await import("cryptlet-fabric${edge}"))))`);

describe("the package", () => {
  it.each([
    ["", "startFabric"],
    ["/attested-tls", "createAttestedFetch"],
    ["/client", "createFabricClient"],
    ["/client/ethers", "withCryptlets"],
    ["/client/viem", "cryptletActions"],
    ["/envelope", "verifyBundle"],
    ["/sdk", "defineCryptlet"],
    ["/test-kit", "testCryptlet"],
  ])("exports cryptlet-fabric%s", async (edge, name) => {
    expect(Object.keys(edges)).toContain(`.${edge}`);
    expect(await namesOf(edge)).toContain(name);
  });

  it("exports ABI and bytecode of the contracts", async () => {
    const { abi, bytecode } = (await inNode(
      `import { createRequire } from "node:module";
       const read = createRequire(import.meta.url);
       console.log(JSON.stringify(read("cryptlet-fabric/contracts/FeedStore.json")));`,
    )) as { abi: unknown[]; bytecode: string };
    expect(abi.length).toBeGreaterThan(0);
    expect(bytecode).toMatch(/^0x[0-9a-f]+$/);
  });

  it("lets nobody reach past its edges", async () => {
    await expect(namesOf("/dist/src/core/ids.js")).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("keeps the offline verifier free of network, files, threads and the host", async () => {
    const { metafile } = await build({
      entryPoints: [path.join(root, "dist/src/envelope/index.js")],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
    });
    const [output] = Object.values(metafile.outputs);
    const builtins = new Set(output?.imports.map((one) => one.path.replace("node:", "")));
    expect([...builtins].filter((name) => name !== "crypto" && name !== "module")).toEqual([]);
    const sources = Object.keys(metafile.inputs);
    expect(sources.filter((file) => /dist\/src\/(host|api|cli|store|bus)\//.test(file))).toEqual(
      [],
    );
  });
});
