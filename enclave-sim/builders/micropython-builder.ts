import { readFile } from "node:fs/promises";
import path from "node:path";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { PYTHON_SECTION } from "../runners/wasm/micropython-host.ts";
import { ByteWriter } from "../runners/wasm/wasm-bytes.ts";
import { npmTool } from "./find-tool.ts";
import { guestLibrary } from "./guest-library.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { readSources, sourceRoot } from "./source-files.ts";

const interpreter = npmTool("@micropython/micropython-webassembly-pyscript");

const CUSTOM_SECTION = 0;

/**
 * MicroPython's WebAssembly build with the author's modules and the guest library in a custom section, as source: the
 * interpreter compiles them when the Cryptlet is loaded, and runs begin from what that left in memory.
 */
export const micropythonBuilder: PackageBuilder = {
  language: "micropython",
  tools: [interpreter],
  build: async (root, manifest) => {
    const { folder, main } = sourceRoot(root, manifest, ".py");
    const own = await readSources(folder, ".py");
    const shared = await readSources(guestLibrary("micropython"), ".py");
    const modules = new Map<string, string>();
    for (const { name, bytes } of [...own, ...shared]) {
      const module = path.basename(name, ".py");
      if (name.includes("/") || modules.has(module))
        throw fabricError("PACKAGE_BUILD_FAILED", {
          path: root,
          faults: `${name}: modules lie beside the main file, and each name once`,
        });
      modules.set(module, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    }
    const text = JSON.stringify({
      main: path.basename(main, ".py"),
      modules: Object.fromEntries([...modules].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    });
    const section = new ByteWriter().name(PYTHON_SECTION).raw(new TextEncoder().encode(text));
    const engine = await readFile(interpreter.locate("micropython.wasm"));
    return { bundle: new ByteWriter().raw(engine).byte(CUSTOM_SECTION).sized(section).toBytes() };
  },
};
