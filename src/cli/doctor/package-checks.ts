import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { findAnvil } from "../anvil.ts";
import type { Check } from "./check.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const runVersion = async (binary: string, flag: string, signal: AbortSignal): Promise<string> => {
  const { stdout, stderr } = await run(binary, [flag], { signal, timeout: 10_000 });
  return (stdout || stderr).split("\n")[0]?.trim() ?? "";
};

const lookAtLibsql = async (): Promise<string> => {
  const { default: Database } = await import("libsql");
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-doctor-"));
  try {
    const database = new Database(path.join(folder, "probe.db"));
    try {
      database.exec("pragma journal_mode = wal; create table probe (n integer)");
      database.prepare("insert into probe values (?)").run(1);
      const row: unknown = database.prepare("select sqlite_version() as version").get();
      const version =
        typeof row === "object" && row && "version" in row ? String(row.version) : "?";
      return `opens, writes; SQLite ${version}`;
    } finally {
      database.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The package falls back to JavaScript in silence; only its binding file tells. */
const lookAtSecp256k1 = async (): Promise<string> => {
  let binding: unknown;
  try {
    binding = require("secp256k1/bindings.js");
  } catch (error) {
    // What npm says of a missing package goes on for lines.
    throw new Error("no native binding is installed", { cause: error });
  }
  if (typeof binding !== "object") throw new Error("the binding is not what it was");
  return "native binding loads: about ten times the signatures per second";
};

const lookAtQuickJs = async (): Promise<string> => {
  const { QuickJS } = await import("quickjs-wasi");
  const wasm = await readFile(require.resolve("quickjs-wasi/quickjs.wasm"));
  const engine = await QuickJS.create(wasm);
  try {
    const answer = engine.evalCode("6 * 7").toNumber();
    if (answer !== 42) throw new Error(`QuickJS says that 6 * 7 is ${answer}`);
    return "QuickJS compiles and calculates";
  } finally {
    engine.dispose();
  }
};

const lookAtAnvil: Check["look"] = async ({ signal }) => {
  const binary = findAnvil();
  if (binary === null) throw new Error("neither @foundry-rs/anvil nor one on PATH is there");
  return runVersion(binary, "--version", signal);
};

const lookAtNats: Check["look"] = async ({ env, signal }) =>
  runVersion(env["NATS_SERVER_BIN"] ?? "nats-server", "--version", signal);

/** Checks of what npm, or the system, must have brought. */
export const packageChecks: readonly Check[] = [
  {
    id: "libsql",
    title: "database (libsql)",
    required: true,
    todo: "npm ci --include=optional; its binary comes inside npm for Linux, macOS and Windows.",
    look: lookAtLibsql,
  },
  {
    id: "quickjs",
    title: "guest engine (QuickJS)",
    required: true,
    todo: "npm ci; the engine is a WebAssembly file of the package quickjs-wasi.",
    look: lookAtQuickJs,
  },
  {
    id: "secp256k1",
    title: "fast signatures (secp256k1)",
    required: false,
    todo: "npm i secp256k1; without it signatures are made in JavaScript: same bytes, slower.",
    look: lookAtSecp256k1,
  },
  {
    id: "anvil",
    title: "local chain (anvil)",
    required: false,
    todo: "npm i -D @foundry-rs/anvil, or install Foundry; only the demo and the tests need it.",
    look: lookAtAnvil,
  },
  {
    id: "nats-server",
    title: "message server (nats-server)",
    required: false,
    todo: "apt-get install nats-server, or set NATS_SERVER_BIN; only needed for several hosts: one host uses the bus in its process.",
    look: lookAtNats,
  },
];
