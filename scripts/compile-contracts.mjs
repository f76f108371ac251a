// Compiles contracts/ with solc from npm into dist/contracts/<Name>.json. Nothing is done when neither sources,
// settings nor compiler changed: the hash of all three lies beside the artifacts.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const out = path.join(root, "dist/contracts");
const stamp = path.join(out, ".hash");

const settings = {
  // The contracts are short and called often; code size is far from its limit.
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  // The newest rules that consortium chains commonly run; nothing here gains from later ones.
  evmVersion: "cancun",
  // The same bytes on every machine: no metadata hash behind the code.
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
};

const ownFiles = readdirSync(path.join(root, "contracts"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".sol"))
  .map((file) => `contracts/${file.replaceAll(path.sep, "/")}`)
  .toSorted();
const sources = Object.fromEntries(
  ownFiles.map((file) => [file, { content: readFileSync(path.join(root, file), "utf8") }]),
);
const versionOf = (name) => require(`${name}/package.json`).version;
const hash = createHash("sha256")
  .update(
    JSON.stringify([sources, settings, versionOf("solc"), versionOf("@openzeppelin/contracts")]),
  )
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .digest("hex");

const isFresh = () => existsSync(stamp) && readFileSync(stamp, "utf8") === hash;

/** An import that is not ours comes from node_modules. */
const findImport = (name) => {
  try {
    return { contents: readFileSync(require.resolve(name), "utf8") };
  } catch {
    return { error: `${name} was not found` };
  }
};

const compile = () => {
  const solc = require("solc");
  const input = { language: "Solidity", sources, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  // A warning in our own sources is a fault; those of libraries are their authors'.
  const faults = (output.errors ?? []).filter(
    (fault) => fault.severity === "error" || ownFiles.includes(fault.sourceLocation?.file),
  );
  for (const fault of faults) process.stderr.write(`${fault.formattedMessage}\n`);
  if (faults.length > 0) process.exit(1);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const file of ownFiles)
    for (const [contractName, contract] of Object.entries(output.contracts[file] ?? {})) {
      const artifact = {
        contractName,
        sourceName: file,
        compiler: solc.version(),
        abi: contract.abi,
        bytecode: `0x${contract.evm.bytecode.object}`,
        deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
      };
      writeFileSync(
        path.join(out, `${contractName}.json`),
        `${JSON.stringify(artifact, null, 2)}\n`,
      );
    }
  // Last, so that an interrupted run compiles again.
  writeFileSync(stamp, hash);
};

if (!isFresh()) compile();
