import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { beforeAll, describe, expect, it } from "vitest";

const root = path.dirname(import.meta.dirname);
const ROOTS = ["src", "enclave-sim", "cryptlets"];

/** Rows of the folder table in docs/architecture.md: folder -> names in its third column. */
const readTable = (): ReadonlyMap<string, string> => {
  const text = readFileSync(path.join(root, "docs/architecture.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$/gm)];
  return new Map(rows.map(([, folder, imports]) => [folder ?? "", (imports ?? "").trim()]));
};

const table = readTable();
/** `core` and `enclave-sim` stand for `src/core` and `enclave-sim`. */
const folderOfName = (name: string): string => (table.has(name) ? name : `src/${name}`);

const foldersOf = (text: string): string[] => text.split(/\s+/).map(folderOfName);

const allowedFor = (imports: string): ReadonlySet<string> => {
  if (imports === "nothing") return new Set();
  const but = /^all but (.+)$/.exec(imports)?.[1];
  if (but === undefined) return new Set(foldersOf(imports));
  const refused = new Set(foldersOf(but));
  return new Set([...table.keys()].filter((folder) => !refused.has(folder)));
};

/** The row that a file belongs to: the longest folder that holds it. */
const rowOf = (file: string): string | undefined =>
  [...table.keys()]
    .filter((folder) => file.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0];

const filesBelow = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    // An engine of the tests brings packages of its own.
    .filter((file) => !file.includes("node_modules"));

const isTest = (file: string): boolean => file.endsWith(".test.ts");
/** The files that only hand on what others export, by the paths that package.json publishes. */
const edgeFiles = (): ReadonlySet<string> => {
  const { exports: entries } = JSON.parse(
    readFileSync(path.join(root, "package.json"), "utf8"),
  ) as {
    exports?: Record<string, string | { default?: string }>;
  };
  // An entry of types alone hands nothing on.
  const targets = Object.values(entries ?? {}).flatMap((entry) =>
    typeof entry === "string" ? entry : (entry.default ?? []),
  );
  return new Set(targets.map((file) => file.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts")));
};

describe("the folder table", () => {
  let modules: ICruiseResult["modules"];
  beforeAll(async () => {
    const { output } = await cruise(
      ROOTS,
      {
        baseDir: root,
        parser: "swc",
        tsPreCompilationDeps: true,
        doNotFollow: { path: ["node_modules"] },
      },
      { extensions: [".ts", ".js", ".json"] },
    );
    if (typeof output === "string") throw new Error("expected the result as data");
    ({ modules } = output);
  });

  it("has rows, and each is a folder that exists and names rows that exist", () => {
    expect(table.size).toBeGreaterThan(10);
    for (const [folder, imports] of table) {
      expect([folder, filesBelow(folder).length]).not.toEqual([folder, 0]);
      for (const name of allowedFor(imports)) expect([...table.keys()]).toContain(name);
    }
  });

  it("was held against every module there is", () => {
    const sources = ROOTS.flatMap(filesBelow).filter((file) => file.endsWith(".ts"));
    const read = new Set(modules.map(({ source }) => source));
    expect(sources.filter((file) => !read.has(file))).toEqual([]);
    expect(sources.length).toBeGreaterThan(100);
    const edges = modules.flatMap(({ dependencies }) => dependencies);
    expect(edges.length).toBeGreaterThan(sources.length);
  });

  it("places every module in a row", () => {
    const files = ROOTS.flatMap(filesBelow).filter((file) => file.endsWith(".ts"));
    expect(files.filter((file) => path.dirname(file) !== "src" && !rowOf(file))).toEqual([]);
  });

  it("allows every import", () => {
    const refused: string[] = [];
    for (const { source, dependencies } of modules) {
      const from = rowOf(source);
      if (from === undefined || isTest(source)) continue;
      const allowed = allowedFor(table.get(from) ?? "nothing");
      for (const { resolved } of dependencies) {
        const to = rowOf(resolved);
        const inside = to === from || resolved.includes("node_modules") || !resolved.includes("/");
        const known = to !== undefined && allowed.has(to);
        if (!inside && !known && ROOTS.some((folder) => resolved.startsWith(`${folder}/`)))
          refused.push(`${source} imports ${resolved}`);
        if (/^(test|bench|scripts)\//.test(resolved)) refused.push(`${source} imports ${resolved}`);
      }
    }
    expect(refused).toEqual([]);
  });

  // A named import of `z` brings every language of zod's messages into a dapp's page.
  it("takes zod as a namespace wherever the client reaches", () => {
    const reached = new Set<string>();
    const waiting = ["index", "ethers/index", "viem/index"].map((name) => `src/client/${name}.ts`);
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (reached.has(source)) continue;
      reached.add(source);
      const found = modules.find((module) => module.source === source);
      for (const { resolved, dependencyTypes } of found?.dependencies ?? [])
        if (resolved.startsWith("src/") && !dependencyTypes.includes("type-only"))
          waiting.push(resolved);
    }
    expect(reached.size).toBeGreaterThan(80);
    const named = [...reached].filter((file) =>
      /^import \{[^}]*\bz\b[^}]*\} from "zod"/m.test(readFileSync(path.join(root, file), "utf8")),
    );
    expect(named).toEqual([]);
  });
});

describe("house rules", () => {
  const code = ["src", "enclave-sim", "cryptlets", "test", "bench"]
    .flatMap(filesBelow)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file, text: readFileSync(path.join(root, file), "utf8") }));

  it("names files in kebab-case, and none after nothing in particular", () => {
    const names = code.map(({ file }) => path.basename(file));
    expect(
      names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d|config))?\.ts$/.test(name)),
    ).toEqual([]);
    expect(
      names.filter((name) => /^(utils?|helpers?|misc|common|shared|tools?)\./.test(name)),
    ).toEqual([]);
  });

  it("has no default exports", () => {
    expect(
      code.filter(({ text }) => /^export default /m.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  it("keeps files below 500 lines", () => {
    expect(
      code.filter(({ text }) => text.split("\n").length > 500).map(({ file }) => file),
    ).toEqual([]);
  });

  it("hands on other files' exports only at the edges that package.json names", () => {
    const edges = edgeFiles();
    const handsOn = code.filter(({ text }) => /^export (type )?(\*|\{[^}]*\}) from /m.test(text));
    expect(handsOn.map(({ file }) => file).filter((file) => !edges.has(file))).toEqual([]);
  });

  it("suppresses no lint or type rule without a reason", () => {
    const bare =
      /(oxlint|eslint)-(disable|enable)[\w-]*(?![^\n]* -- \S)|@ts-(ignore|nocheck)|@ts-expect-error(?! \S)/;
    const here = path.join("test", "architecture.test.ts");
    expect(
      code.filter(({ file, text }) => file !== here && bare.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });
});
