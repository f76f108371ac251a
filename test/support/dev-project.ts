import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startCli, type CliProcess } from "./cli-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** When the recorded hour of the project begins: people pay to get rid of electricity. */
export const HOUR = Date.parse("2026-05-10T13:00:00Z");

const MAIN = `import manifest from "../cryptlet.json" with { type: "json" };
import { aggregate, defineCryptlet, noParameters, readJson, readSources } from "cryptlet-fabric/sdk";

const source = (id: string, host: string) => ({
  id,
  request: { method: "GET" as const, url: \`https://\${host}/price?zone=de\` },
  maxAgeMs: 600_000,
  extract: ({ body }: { body: string }) => {
    const root = readJson(body);
    return { price: root.field("price").signedPrice("number"), observedAt: null };
  },
});

export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "de-lu": { parameters: noParameters } },
  run: (ctx) => {
    ctx.log.info("zone de");
    return aggregate(ctx.feed, readSources(ctx, [source("one", "one.grid.example"), source("two", "two.grid.example")]), {
      mads: 5, floorPpm: 5_000, ceilingPpm: 20_000, absoluteFloor: "1.00",
      market: { status: "open", session: null, nextOpen: null },
    });
  },
});
`;

const manifest = (changes: object) => ({
  id: "power-price",
  version: "1.0.0",
  description: "Price of electricity.",
  lane: "js",
  main: "src/main.ts",
  feeds: [
    {
      id: "de-lu",
      kind: "decimal",
      decimals: 2,
      unit: "EUR per MWh",
      description: "Middle of two.",
      minSources: 2,
    },
  ],
  capabilities: {
    http: {
      hosts: [
        { host: "one.grid.example", paths: ["/price"] },
        { host: "two.grid.example", paths: ["/price"] },
      ],
    },
  },
  ...changes,
});

const answer = (id: string, price: string, receivedAt: number) => ({
  id,
  request: { url: `https://${id}.grid.example/price?zone=de` },
  body: `{"price":${price}}`,
  receivedAt: new Date(receivedAt).toISOString(),
});

/** A Cryptlet of an author who has no network: two recorded sources of a price below zero. */
export interface DevProject {
  readonly folder: string;
  /** The source as it is at the beginning. */
  readonly main: string;
  write(file: string, text: string): void;
  /** `cryptlet dev` of the built command line in this folder, one JSON document per line. */
  start(...argv: string[]): DevRun;
}

export interface DevRun extends CliProcess {
  /** The next news of a type; what comes before it is passed over. */
  next(type: string): Promise<Record<string, unknown>>;
}

export const devProject = (changes: object = {}): DevProject => {
  const folder = temporaryFolder();
  const write = (file: string, text: string): void => {
    const at = path.join(folder, file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text);
  };
  write("cryptlet.json", JSON.stringify(manifest(changes)));
  write("src/main.ts", MAIN);
  write(
    "recordings/negative.json",
    JSON.stringify({
      version: 1,
      exchanges: [
        answer("one", "-12.30", HOUR),
        answer("two", "-12.50", HOUR),
        answer("one", "40.10", HOUR + 3_600_000),
        answer("two", "40.30", HOUR + 3_600_000),
      ],
    }),
  );
  return {
    folder,
    main: MAIN,
    write,
    start: (...argv) => {
      const run = startCli(["dev", folder, "--json", "--port", "0", ...argv]);
      return {
        ...run,
        next: async (type) => {
          for (;;) {
            const event = JSON.parse(await run.nextLine()) as Record<string, unknown>;
            if (event["type"] === type) return event;
          }
        },
      };
    },
  };
};
