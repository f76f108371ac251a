import { readdir, readFile } from "node:fs/promises";
import { basename, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { manifestSchema, type ManifestInput } from "./manifest.ts";

const base: ManifestInput = {
  id: "gold-price",
  version: "1.0.0",
  description: "Gold",
  feeds: [
    {
      id: "xau-usd",
      kind: "decimal",
      decimals: 8,
      unit: "USD",
      description: "Gold",
      minSources: 3,
    },
  ],
};
const host = (name: string, paths = ["/"]) => ({ host: name, paths });
const pathsOf = (input: unknown): readonly string[] =>
  manifestSchema.safeParse(input).error?.issues.map(({ path }) => path.join(".")) ?? [];
const withHosts = (...hosts: readonly ReturnType<typeof host>[]) => ({
  ...base,
  capabilities: { http: { hosts } },
});

describe("manifestSchema", () => {
  it("fills in every default, so that nobody guesses one later", () => {
    expect(manifestSchema.parse(withHosts(host("api.example.com")))).toMatchObject({
      lane: "js",
      main: "src/main.ts",
      capabilities: {
        http: {
          timeoutMs: 5_000,
          maxResponseBytes: 262_144,
          maxRequests: 32,
          hosts: [{ port: 443 }],
        },
        secrets: [],
        time: false,
        random: false,
      },
      limits: { timeoutMs: 15_000, memoryBytes: 33_554_432, maxHostCalls: 256 },
    });
  });

  it("reads the manifests of this repository", async () => {
    const files = (await readdir("cryptlets", { recursive: true })).filter(
      (file) => basename(file) === "cryptlet.json" && !file.includes("node_modules"),
    );
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const { id } = manifestSchema.parse(JSON.parse(await readFile(`cryptlets/${file}`, "utf8")));
      expect(file.split(sep)[0]).toBe(id);
    }
  });

  it.each([
    [{ ...base, extra: 1 }, [""]],
    [{ ...base, version: "1.0" }, ["version"]],
    [{ ...base, id: "Gold" }, ["id"]],
    [{ ...base, main: "../evil.ts" }, ["main"]],
    [{ ...base, main: "/etc/passwd.js" }, ["main"]],
    [{ ...base, feeds: [] }, ["feeds"]],
    [{ ...base, feeds: [...base.feeds, ...base.feeds] }, ["feeds.1.id"]],
    [{ ...base, feeds: [{ ...base.feeds[0], decimals: 19 }] }, ["feeds.0.decimals"]],
    [{ ...base, feeds: [{ ...base.feeds[0], minSources: 0 }] }, ["feeds.0.minSources"]],
    [{ ...base, limits: { memoryBytes: 1 } }, ["limits.memoryBytes"]],
  ])("refuses %j with the path of the fault", (input, paths) => {
    expect(pathsOf(input)).toEqual(paths);
  });

  it.each([
    "*",
    "*.com",
    "*.example.com",
    "a.*.example.com",
    "**.my.example.com",
    "127.0.0.1",
    "[::1]",
    "localhost",
    "API.example.com",
    "example.com.",
    "a_b.example.com",
    "user@example.com",
    "example.com:80",
  ])("refuses the host %s", (name) => {
    expect(pathsOf(withHosts(host(name)))).not.toEqual([]);
  });

  it.each(["", "price", "/a?b", "/a/../b", "/a/./b", "/a%2fb", "/a#b", "/a b"])(
    "refuses the path %s",
    (path) => {
      expect(pathsOf(withHosts(host("api.example.com", [path])))).not.toEqual([]);
    },
  );

  it("refuses a secret for a host that the manifest does not ask for", () => {
    const secrets = [
      { name: "KEY", hosts: ["api.example.com", "evil.example.com"] },
      { name: "KEY", hosts: ["acme.my.example.com"] },
    ];
    const input = {
      ...base,
      capabilities: {
        http: { hosts: [host("api.example.com"), host("*.my.example.com")] },
        secrets,
      },
    };
    expect(pathsOf(input)).toEqual([
      "capabilities.secrets.1.name",
      "capabilities.secrets.0.hosts.1",
    ]);
    expect(pathsOf({ ...base, capabilities: { secrets } })).toHaveLength(4);
  });
});

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly oneOf?: readonly Described[];
}
const undescribed = (schema: Described, at: string): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    ...((inner.description ?? "") === "" ? [`${at}${name}`] : []),
    ...undescribed(inner, `${at}${name}.`),
  ]),
  ...[schema.items ?? {}, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((inner) =>
    Object.keys(inner).length > 0 ? undescribed(inner, at) : [],
  ),
];

describe("docs/manifest.md", () => {
  it("has something to say about every field", () => {
    const schema = z.toJSONSchema(manifestSchema, { io: "input" }) as Described;
    expect(Object.keys(schema.properties ?? {})).toContain("capabilities");
    expect(undescribed(schema, "")).toEqual([]);
  });

  it("has a schema for editors and a row for every field that the shipped manifests use", async () => {
    const text = await readFile("docs/manifest.md", "utf8");
    const shipped = JSON.parse(await readFile("cryptlets/gold-price/cryptlet.json", "utf8")) as {
      capabilities: object;
    };
    for (const name of Object.keys(shipped)) expect(text).toContain(`| \`${name}\` |`);
    for (const name of Object.keys(shipped.capabilities))
      expect(text).toContain(`| \`capabilities.${name}\` |`);
    const schema = JSON.parse(await readFile("docs/manifest.schema.json", "utf8")) as object;
    expect(schema).toMatchObject({ type: "object", additionalProperties: false });
  });
});
