// Compiles contracts/ with solc from npm into dist/contracts/<Name>.json, and what only tests deploy into
// dist/test-contracts: consumers that the peers published, unmodified, and our own consumers of their interfaces.
// Nothing is done when neither sources, settings nor compiler changed: the hash of all three lies beside the artifacts.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

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
const isConsumer = (file) => file.startsWith("contracts/test/consumers/");
/** Consumers as the peers publish them: whoever reads their feeds with these reads ours. */
const published = [
  "@chainlink/contracts/src/v0.8/tests/FeedConsumer.sol",
  "@chainlink/contracts/src/v0.8/tests/MockV3Aggregator.sol",
  "@chainlink/contracts/src/v0.8/keystone/KeystoneFeedsConsumer.sol",
  "@pythnetwork/pyth-sdk-solidity/PythAggregatorV3.sol",
  "@pythnetwork/pyth-sdk-solidity/PythUtils.sol",
];

/** A source by its name: ours by its path, everything else from node_modules. */
const readSource = (file) =>
  readFileSync(
    file.startsWith("contracts/") ? path.join(root, file) : require.resolve(file),
    "utf8",
  );
const findImport = (name) => {
  try {
    return { contents: readSource(name) };
  } catch {
    return { error: `${name} was not found` };
  }
};

/** Loaded only when they have work: each takes seconds. */
const compilers = {
  solc: () => require("solc"),
  "solc-0.8.24": () => require("solc-0.8.24"),
};
/** A source that names one version exactly gets that compiler: another one would mean to change the source. */
const compilerOf = ({ content }) =>
  /^pragma solidity 0\.8\.24;$/m.test(content) ? "solc-0.8.24" : "solc";

/** Contracts of these files by one compiler; a warning in our own sources is a fault, those of others are theirs. */
const compile = (compiler, sources) => {
  const solc = compilers[compiler]();
  const input = { language: "Solidity", sources, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const faults = (output.errors ?? []).filter(
    (fault) => fault.severity === "error" || ownFiles.includes(fault.sourceLocation?.file),
  );
  for (const fault of faults) process.stderr.write(`${fault.formattedMessage}\n`);
  if (faults.length > 0) process.exit(1);
  return Object.keys(sources).flatMap((file) =>
    Object.entries(output.contracts[file] ?? {}).map(([contractName, contract]) => ({
      contractName,
      sourceName: file,
      compiler: solc.version(),
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
      deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
    })),
  );
};

const versionOf = (name) => require(`${name}/package.json`).version;
/** Imports of the sources from elsewhere, by package: what may change without a source changing. */
const versions = [
  "solc",
  "solc-0.8.24",
  "@openzeppelin/contracts",
  "@chainlink/contracts",
  "@pythnetwork/pyth-sdk-solidity",
  "@api3/contracts",
].map((name) => `${name}@${versionOf(name)}`);
const ownCode = readFileSync(fileURLToPath(import.meta.url));

const build = (folder, files, imported) => {
  const out = path.join(root, folder);
  const stamp = path.join(out, ".hash");
  const sources = Object.fromEntries(files.map((file) => [file, { content: readSource(file) }]));
  const hash = createHash("sha256")
    .update(JSON.stringify([sources, imported, settings, versions]))
    .update(ownCode)
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  const artifacts = Object.keys(compilers).flatMap((compiler) => {
    const group = Object.entries(sources).filter(([, source]) => compilerOf(source) === compiler);
    return group.length === 0 ? [] : compile(compiler, Object.fromEntries(group));
  });
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const artifact of artifacts)
    writeFileSync(
      path.join(out, `${artifact.contractName}.json`),
      `${JSON.stringify(artifact, null, 2)}\n`,
    );
  // Last, so that an interrupted run compiles again.
  writeFileSync(stamp, hash);
};

const shipped = ownFiles.filter((file) => !isConsumer(file));
build("dist/contracts", shipped, []);
// Consumers may import what is shipped.
build(
  "dist/test-contracts",
  [...ownFiles.filter(isConsumer), ...published],
  shipped.map(readSource),
);
