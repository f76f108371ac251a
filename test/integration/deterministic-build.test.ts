import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  watch,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { CLI } from "../support/cli-process.ts";
import { reportNotRun } from "../support/not-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Other supported versions of Node, as npm has them for Linux on x64. */
const OTHER_NODES = ["node-22", "node-24"].map((name) =>
  path.resolve("test/engines/nodes/node_modules", name, "bin/node"),
);
const GOLD = path.resolve("cryptlets/gold-price");

const filesOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, readFileSync(path.join(folder, name), "base64")]),
  );
/** Builds with a process of its own and gives what it wrote, byte by byte, and said. */
const build = (
  source: string,
  options: { readonly node?: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
) => {
  const out = path.join(temporaryFolder(), "out");
  const text = execFileSync(
    options.node ?? process.execPath,
    [CLI, "build", source, "--out", out, "--json"],
    {
      encoding: "utf8",
      env: options.env ?? process.env,
      cwd: options.cwd ?? process.cwd(),
    },
  );
  const { data } = JSON.parse(text) as { readonly data: Readonly<Record<string, unknown>> };
  return { files: filesOf(out), report: { ...data, package: "" } };
};
/** The gold Cryptlet as a package of its own, with the SDK by its name. */
const ownPackage = (folder: string): string => {
  cpSync(GOLD, folder, { recursive: true });
  for (const name of readdirSync(path.join(folder, "src"), { recursive: true, encoding: "utf8" })) {
    const file = path.join(folder, "src", name);
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replaceAll(/"(?:\.\.\/)+src\/sdk\/index\.ts"/g, '"cryptlet-fabric/sdk"'),
    );
  }
  return folder;
};

describe("a build", { timeout: 120_000 }, () => {
  it("gives the same bytes, map and report in every folder, environment and working directory", () => {
    const one = build(ownPackage(path.join(temporaryFolder(), "one")));
    const deep = path.join(temporaryFolder(), "a/much/deeper/node_modulez/two words");
    mkdirSync(deep, { recursive: true });
    const env = {
      ...process.env,
      NODE_ENV: "development",
      NODE_PATH: "/tmp",
      LANG: "tr_TR.UTF-8",
      TZ: "Pacific/Kiritimati",
      HOME: temporaryFolder(),
    };
    const two = build(ownPackage(deep), { env, cwd: temporaryFolder() });
    expect(two).toEqual(one);
  });

  it("is the same from the checkout, which imports the SDK by its path", () => {
    const own = build(ownPackage(path.join(temporaryFolder(), "own")));
    const checkout = build(GOLD);
    expect(own.files["bundle.js"]).toBe(checkout.files["bundle.js"]);
    expect(own.report).toMatchObject({ measurement: checkout.report["measurement" as never] });
  });

  it("gives the same bytes on every Node that is here", () => {
    const present = OTHER_NODES.filter((file) => existsSync(file));
    if (present.length < OTHER_NODES.length)
      reportNotRun("builds on several versions of Node", "npm ci --prefix test/engines/nodes");
    const source = ownPackage(path.join(temporaryFolder(), "own"));
    const here = build(source);
    for (const node of present) expect(build(source, { node }), node).toEqual(here);
    expect(build(source)).toEqual(here);
  });

  it("that is killed at any time leaves a package that is whole: the old one or the new one", async () => {
    const out = path.join(temporaryFolder(), "out");
    const source = ownPackage(path.join(temporaryFolder(), "own"));
    const manifestFile = path.join(source, "cryptlet.json");
    const first = readFileSync(manifestFile, "utf8");
    const built = (version: string) => {
      writeFileSync(manifestFile, first.replace('"1.0.0"', `"${version}"`));
      return build(source).files;
    };
    const [old, next] = [built("1.0.0"), built("2.0.0")];
    for (let round = 1; round <= 10; round += 1) {
      mkdirSync(out, { recursive: true });
      for (const [name, text] of Object.entries(old))
        writeFileSync(path.join(out, name), Buffer.from(text, "base64"));
      const child = spawn(process.execPath, [CLI, "build", source, "--out", out], {
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      // At the first sign of the writing, at the second, and so on.
      let signs = 0;
      const watcher = watch(out, () => {
        signs += 1;
        if (signs === round) child.kill("SIGKILL");
      });
      await ended;
      watcher.close();
      // What renames goes on by itself, and is done in a moment.
      await expect
        .poll(async () => {
          const { manifest, bundle } = await readPackage(out);
          const whole = manifest.version === "1.0.0" ? old : next;
          return Buffer.from(bundle).equals(Buffer.from(whole["bundle.js"] ?? "", "base64"));
        })
        .toBe(true);
    }
  });
});
