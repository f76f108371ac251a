import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { FabricError, fabricError } from "../../src/core/errors/fabric-error.ts";
import { formatGuestStack, guestStackOf, isOwnFrame, mapGuestStack } from "./guest-stack.ts";
import { createSourceMapper, placeText, type SourceMapper } from "./source-mapper.ts";

const SOURCE = `
export const first = (text: string): string => {
  if (text.length > 3)
    throw new Error("too long");
  return text;
};
globalThis.__first = first;
`;
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const plain = { version: 3, sources: ["a.ts"], names: [], mappings: "AAAA" };

let code = "";
let map: Uint8Array;
let mapper: SourceMapper;
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, sourcefile: "src/first.ts", loader: "ts" },
    bundle: true,
    write: false,
    minify: true,
    outfile: "bundle.js",
    format: "iife",
    sourcemap: "external",
  });
  map = outputFiles.find(({ path }) => path.endsWith(".map"))?.contents ?? new Uint8Array();
  code = outputFiles.find(({ path }) => path.endsWith(".js"))?.text ?? "";
  mapper = createSourceMapper(map);
});

/** Column of a text in the built line, from 1. */
const columnOf = (text: string): number => code.indexOf(text) + 1;

describe("a source mapper", () => {
  it("finds where the author wrote what the engine names", () => {
    const place = mapper.locate(1, columnOf("new Error"));
    expect(place).toEqual({ file: "src/first.ts", line: 4, column: 11 });
    expect(place && mapper.lineOf(place)).toBe(`    throw new Error("too long");`);
  });

  it("changes the places in a text and nothing else of it", () => {
    const at = `bundle.js:1:${columnOf("new Error")}`;
    const text = `at x (${at}) and ${at}, not mybundle.js:1:1x or bundle.js:7`;
    expect(mapper.mapText(text)).toBe(
      "at x (src/first.ts:4:11) and src/first.ts:4:11, not mybundle.js:1:1x or bundle.js:7",
    );
  });

  it("knows no place for what lies outside, and says so", () => {
    for (const [line, column] of [
      [0, 1],
      [1, 0],
      [9, 1],
      [999_999_999, 999_999_999],
    ] as const)
      expect(mapper.locate(line, column)).toBeNull();
    expect(mapper.mapText("bundle.js:9:9")).toBe("bundle.js:9:9");
    expect(mapper.lineOf({ file: "src/first.ts", line: 900, column: 1 })).toBeNull();
    expect(mapper.lineOf({ file: "/etc/passwd", line: 1, column: 1 })).toBe("");
  });

  it.each([
    ["../../../../etc/passwd", "etc/passwd"],
    ["/etc/passwd", "etc/passwd"],
    ["C:\\Users\\a.ts", "Users/a.ts"],
    ["src/\u001b[2Ja\u202Eb.ts", "src/[2Jab.ts"],
    ["", "(unnamed)"],
    ["..", "(unnamed)"],
    ["file:///etc/passwd", "file:/etc/passwd"],
  ])("shows %j as a name: nothing is opened, nothing steers a terminal", (source, shown) => {
    const hostile = createSourceMapper(
      encode({ ...plain, sources: [source], sourcesContent: ["x\u001b[2J"] }),
    );
    const place = hostile.locate(1, 1);
    expect(place?.file).toBe(shown);
    expect(place && hostile.lineOf(place)).toBe("x[2J");
  });

  it("keeps two sources of one shown name apart in their places", () => {
    const twice = createSourceMapper(
      encode({ ...plain, sources: ["../a.ts", "a.ts"], mappings: "AAAA,CCAA" }),
    );
    expect(twice.locate(1, 2)).toEqual({ file: "a.ts", line: 1, column: 1 });
  });

  it.each<[string, () => Uint8Array]>([
    ["no JSON", () => Buffer.from("{")],
    ["no UTF-8", () => Uint8Array.from([0x22, 0xff, 0x22])],
    ["another version", () => encode({ ...plain, version: 2 })],
    ["sections", () => encode({ version: 3, sections: [] })],
    ["mappings that are a list", () => encode({ ...plain, mappings: [] })],
    [
      "too many sources",
      () => encode({ ...plain, sources: Array.from({ length: 10_001 }, () => "a") }),
    ],
    ["a source that is no text", () => encode({ ...plain, sources: [null] })],
    ["lines by the million", () => encode({ ...plain, mappings: ";".repeat(2_097_153) })],
    ["segments by the million", () => encode({ ...plain, mappings: "A,".repeat(2_097_153) })],
    ["too many bytes", () => new Uint8Array(33_554_433)],
  ])("refuses %s by code", (_what, bytes) => {
    expect(codeOf(() => createSourceMapper(bytes()))).toBe("SOURCE_MAP_INVALID");
  });

  it.each(["!!!!", "AAAA;".repeat(20), "ZZZZZZZZZZZZZZZZZZZZ", "AAAAAA,,,;;;A"])(
    "takes mappings %j or refuses them, and never throws anything else",
    (mappings) => {
      try {
        createSourceMapper(encode({ ...plain, mappings })).mapText("bundle.js:1:1 bundle.js:2:900");
      } catch (error) {
        expect(error).toMatchObject({ code: "SOURCE_MAP_INVALID" });
      }
    },
  );
});

describe("a guest's stack", () => {
  it("is read from an error that carries one, and from nothing else", () => {
    const stack = "at a (bundle.js:1:5) at b (bundle.js:1:9)";
    expect(guestStackOf(new FabricError("CRYPTLET_FAILED", { reason: "x", stack }))).toBe(stack);
    expect(guestStackOf(fabricError("CRYPTLET_FAILED", { reason: "x" }))).toBeNull();
    expect(guestStackOf(new Error("x"))).toBeNull();
    expect(guestStackOf(undefined)).toBeNull();
  });

  it("leads to the author's own line, which is shown", () => {
    const stack = `at <anonymous> (bundle.js:1:${columnOf("new Error")}) at x (bundle.js:1:${columnOf("__first")})`;
    const frames = mapGuestStack(stack, mapper);
    expect(frames.map(({ position }) => position && placeText(position))).toEqual([
      "src/first.ts:4:11",
      expect.stringMatching(/^src\/first\.ts:7:/),
    ]);
    expect(frames.every(isOwnFrame)).toBe(true);
    const [, shown, caret] = formatGuestStack(frames, mapper).split("\n");
    expect(shown).toContain(`throw new Error("too long");`);
    expect(caret?.indexOf("^")).toBe((shown ?? "").indexOf("new Error"));
  });

  it("stays as it was built where there is no map, and ends after sixteen frames", () => {
    const deep = mapGuestStack("at f (bundle.js:1:2) ".repeat(5_000), null);
    expect(deep).toHaveLength(16);
    expect(deep[0]).toEqual({ position: null, built: { line: 1, column: 2 } });
    expect(deep.some(isOwnFrame)).toBe(false);
    expect(formatGuestStack(deep.slice(0, 1), null)).toBe("  at bundle.js:1:2");
  });

  it("tells own code from the SDK's and from packages", () => {
    const own = (file: string) =>
      isOwnFrame({ position: { file, line: 1, column: 1 }, built: { line: 1, column: 1 } });
    expect(own("src/main.ts")).toBe(true);
    expect(own("cryptlet-fabric/sdk/serve.ts")).toBe(false);
    expect(own("node_modules/big.js/big.mjs")).toBe(false);
  });
});
