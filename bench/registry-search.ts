import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { createRegistryIndex, type RegistryIndex } from "../src/registry/search/registry-index.ts";
import type { IndexedRelease } from "../src/registry/search/indexed-release.ts";
import { openStore } from "../src/store/open-store.ts";
import { percentile } from "./percentile.ts";
import type { BenchRow } from "./report.ts";

const PACKAGES = 100_000;
const BATCH = 1_000;
const QUESTIONS = 2_000;
const WARM_UP = 50;
const P99_MS = 50;
const NAIVE = 40;

/** The same numbers in every run (mulberry32). */
const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const random = createRandom(5);
const SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo xu za che pri sto wen".split(" ");
const COMMON = "price feed gold electricity weather market rate index daily spot".split(" ");
const word = (): string =>
  Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(SYLLABLES)).join("");
const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
};
/** A few words are in most texts and most words in a few, as in a language. */
const VOCABULARY = Array.from({ length: 20_000 }, word);
const spoken = (): string => VOCABULARY[Math.floor(20_000 * random() ** 4)] ?? "word";

const release = (at: number): IndexedRelease => {
  const name = `${pick(COMMON)}-${spoken()}-${at.toString(36)}`;
  const words = Array.from({ length: 14 }, () => (random() < 0.3 ? pick(COMMON) : spoken()));
  return {
    name,
    version: "1.0.0",
    release: `sha256:${at.toString(16).padStart(64, "0")}`,
    position: at,
    recordedAt: 1_700_000_000_000 + at,
    publisher: `sha256:${(at % 5_000).toString(16).padStart(64, "0")}`,
    publisherName: `Publisher ${at % 5_000}`,
    description: words.join(" "),
    licence: pick(["MIT", "Apache-2.0", "ISC"]),
    lane: pick(["js", "js", "js", "wasm"]),
    language: "typescript",
    measurement: `sha256:${at.toString(16).padStart(64, "1")}`,
    feeds: [{ id: `${spoken()}-usd`, kind: "decimal", description: words.slice(0, 6).join(" ") }],
    capabilities: random() < 0.9 ? ["http"] : ["chain", "http", "state"],
    hosts: [`api.${spoken()}.com`, pick(["api.kraken.com", "api.coinbase.com"])],
    chains: random() < 0.1 ? ["ethereum", "1"] : [],
    calls: random() < 0.05 ? [pick(["gold-base", "rate-base"])] : [],
    state: random() < 0.03 ? "deprecated" : random() < 0.02 ? "revoked" : "published",
    reason: null,
  };
};

const slip = (text: string): string => {
  const at = 1 + Math.floor(random() * (text.length - 2));
  return text.slice(0, at) + text.slice(at + 1);
};

/** What people ask, and what costs most: common words, letters, filters that half of all packages hold, slips. */
const KINDS: Readonly<Record<string, (packages: readonly IndexedRelease[]) => string>> = {
  "a package's name": (all) => pick(all).name,
  "a name half typed": (all) => pick(all).name.slice(0, 3 + Math.floor(random() * 12)),
  "a common word": () => pick(COMMON),
  "two common words": () => `${pick(COMMON)} ${pick(COMMON)}`,
  "a common and a rare word": () => `${pick(COMMON)} ${spoken()}`,
  "one letter": () => pick("abcdefgpw".split("")),
  "half a word": () => spoken().slice(0, 2 + Math.floor(random() * 4)),
  "a slip in a word": () => slip(`${spoken()}x`),
  "two slips beside a common word": () => `${pick(COMMON)} ${slip(spoken())}`,
  "words and filters": () => `${pick(COMMON)} capability:http host:kraken.com licence:mit`,
  "filters alone": () => "capability:chain chain:1 lane:wasm",
  "words that never meet": () => `${spoken()} ${spoken()} ${spoken()}`,
  "a filter by its beginning": () => `feed:${spoken().slice(0, 3)}*`,
  nothing: () => "",
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

/** Of one question: by the clock, and of this process's processor, which a busy machine does not stretch. */
interface Cost {
  readonly clock: number;
  readonly processor: number;
}

const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  const before = process.cpuUsage();
  const clock = await timed(work);
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: (user + system) / 1_000 };
};

const measureKind = async (index: RegistryIndex, ask: () => string): Promise<readonly Cost[]> => {
  const times: Cost[] = [];
  for (let at = 0; at < Math.ceil(QUESTIONS / Object.keys(KINDS).length); at += 1) {
    const query = ask();
    let next: string | null = null;
    times.push(
      await costOf(async () => {
        ({ next } = await index.search({ query }));
      }),
    );
    // Every other question is turned over once.
    if (at % 2 === 0 && next !== null)
      times.push(await costOf(() => index.search({ query, cursor: next })));
  }
  return times;
};

/**
 * Search over 100,000 packages in the embedded database: each page of each question by the clock, the writing of the
 * index, and the same words ranked by FTS5's own bm25 in the same table and the same run.
 */
export const runRegistrySearchBench = async (): Promise<readonly BenchRow[]> => {
  const folder = mkdtempSync(path.join(tmpdir(), "registry-search-"));
  const file = path.join(folder, "index.db");
  const store = await openStore({ driver: "libsql", file });
  try {
    const index = createRegistryIndex(store);
    const packages = Array.from({ length: PACKAGES }, (_, at) => release(at));
    const built = await timed(async () => {
      for (let at = 0; at < PACKAGES; at += BATCH) {
        const part = packages.slice(at, at + BATCH).map((entry) => [entry]);
        await index.put(part, { origin: "bench", size: at + BATCH, root: "00" });
      }
    });
    for (let at = 0; at < WARM_UP; at += 1) await index.search({ query: pick(COMMON) });
    const group = `search over ${PACKAGES.toLocaleString("en-US")} packages`;
    const rows: BenchRow[] = [];
    const all: Cost[] = [];
    for (const [name, ask] of Object.entries(KINDS)) {
      const times = await measureKind(index, () => ask(packages));
      all.push(...times);
      const value = percentile(
        times.map(({ clock }) => clock),
        0.99,
      );
      rows.push({ group, name, value, unit: "ms p99" });
    }
    const ranked: number[] = [];
    for (let at = 0; at < NAIVE; at += 1)
      ranked.push(
        await timed(() =>
          sql`select rowid from registry_words where registry_words match ${pick(COMMON)} order by rank limit 20`.execute(
            store.db,
          ),
        ),
      );
    const clocks = all.map(({ clock }) => clock);
    const processors = all.map(({ processor }) => processor);
    const p99 = percentile(clocks, 0.99);
    const bm25 = percentile(ranked, 0.5);
    return [
      ...rows,
      { group, name: "all questions", value: percentile(clocks, 0.5), unit: "ms p50" },
      { group, name: "a common word by FTS5's bm25, ids alone", value: bm25, unit: "ms p50" },
      { group, name: "all questions, slowest", value: Math.max(...clocks), unit: "ms" },
      {
        group,
        name: "all questions, processor",
        value: percentile(processors, 0.99),
        unit: "CPU ms p99",
      },
      {
        group,
        name: "all questions",
        value: p99,
        unit: "ms p99",
        ratio: p99 / bm25,
        against: "bm25 p50",
        target: `< ${P99_MS} ms`,
        ok: p99 < P99_MS,
      },
      { group, name: "packages written", value: (PACKAGES * 1_000) / built, unit: "packages/s" },
      { group, name: "database", value: statSync(file).size / 2 ** 20, unit: "MiB" },
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
