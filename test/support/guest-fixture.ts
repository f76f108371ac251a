import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  Enclave,
  EnclaveOptions,
  GuestLogLine,
  LoadedCryptlet,
  LoadOptions,
} from "../../enclave-sim/host/enclave.ts";
import { cryptletIdSchema, type FabricId, type FeedId } from "../../src/core/ids.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { Json, ObservationDraft, TriggerInput } from "../../src/sdk/abi.ts";
import { manifestSchema, type ManifestInput } from "../../src/sdk/manifest.ts";

export const FABRIC = "test-fabric" as FabricId;
export const FEED = "probe-feed" as FeedId;
export const RECORD_FEED = "probe-record" as FeedId;
/** Time of every trigger of the fixture, ms since epoch. */
export const AT = 1_700_000_000_000;

const manifestInput: ManifestInput = {
  id: "probe",
  version: "1.2.3",
  description: "A Cryptlet for tests",
  feeds: [
    {
      id: "price",
      kind: "decimal",
      description: "A price",
      minSources: 1,
      decimals: 8,
      unit: "USD",
    },
    {
      id: "record",
      kind: "record",
      description: "A record",
      minSources: 1,
      fields: { name: "string", rating: "decimal" },
    },
  ],
  capabilities: { time: true, random: true },
};

/** An unbuilt package: `code` is the bundle as the engine evaluates it. */
export const probePackage = (
  code: string,
  change: Partial<ManifestInput> = {},
): CryptletPackage => {
  const input = { ...manifestInput, ...change };
  return {
    manifest: manifestSchema.parse(input),
    manifestBytes: new TextEncoder().encode(JSON.stringify(input)),
    bundle: new TextEncoder().encode(code),
  };
};

/** A bundle whose `handle(text)` has this body. */
export const handling = (body: string): string =>
  `globalThis.__cryptlet = { handle(text) { ${body} } };`;

/** A draft without any source, which a run may return and no enclave signs. */
export const draft = (change: Partial<ObservationDraft> = {}): ObservationDraft => ({
  feed: "price",
  value: { kind: "decimal", text: "2650.10", decimals: 8, unit: "USD" },
  observedAt: AT,
  market: { status: "open", session: null, nextOpen: null },
  sources: [],
  aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
  ...change,
});

/** A bundle that returns this draft. */
export const answering = (observation: ObservationDraft = draft()): string =>
  handling(`return JSON.stringify(${JSON.stringify({ ok: { observation } })});`);

/** A Cryptlet that reads one price from the emulator's gold-api.com. */
export const fetchingPackage = (change: Partial<ManifestInput> = {}): CryptletPackage =>
  probePackage(
    handling(`
      const call = { op: "http.all", requests: [{ id: "gold-api", method: "GET", url: "https://api.gold-api.com/price/XAU" }] };
      const [answer] = JSON.parse(__hostCall(JSON.stringify(call))).ok;
      const reading = { id: "gold-api", reference: null, extracted: null, observedAt: null, outlier: false, error: null };
      const observation = ${JSON.stringify(draft())};
      if (answer.ok) {
        const price = String(JSON.parse(answer.body).price);
        observation.value.text = price;
        observation.sources.push({ ...reading, reference: answer.reference, extracted: price });
      } else {
        observation.sources.push({ ...reading, error: answer.error.code });
      }
      return JSON.stringify({ ok: { observation } });`),
    {
      capabilities: {
        http: { hosts: [{ host: "api.gold-api.com", paths: ["/price/XAU"] }] },
      },
      ...change,
    },
  );

export const trigger = (change: Partial<TriggerInput> = {}): TriggerInput => ({
  id: "trigger-1",
  kind: "manual",
  feed: "price",
  parameters: null,
  at: AT,
  ...change,
});

export interface EnclaveFixture {
  readonly enclave: Enclave;
  readonly log: readonly GuestLogLine[];
  readonly sealDirectory: string;
  options(change?: Partial<LoadOptions>): LoadOptions;
  load(cryptlet: CryptletPackage, change?: Partial<LoadOptions>): Promise<LoadedCryptlet>;
  /** Closes the enclave and removes its folder. */
  stop(): Promise<void>;
}

/** Load options for the probe's two feeds. */
export const probeOptions = (sealDirectory: string, parameters: Json = null): LoadOptions => {
  const cryptlet = cryptletIdSchema.parse("probe");
  const served = (feed: FeedId, cryptletFeed: string) => ({
    feed,
    cryptletFeed,
    feedHash: computeFeedHash({ fabric: FABRIC, cryptlet, feed, parameters }),
    parameters,
    validForMs: 60_000,
  });
  return {
    fabric: FABRIC,
    secrets: {},
    sources: { mode: "live", allowPrivateAddresses: false },
    feeds: [served(FEED, "price"), served(RECORD_FEED, "record")],
    sealDirectory,
  };
};

/** An enclave of its own with a folder of its own; without the outer wall unless the test is about it. */
export const startEnclave = async (
  enclaveOptions: Omit<EnclaveOptions, "onLog"> = {},
  file?: URL,
): Promise<EnclaveFixture> => {
  const sealDirectory = await mkdtemp(path.join(tmpdir(), "enclave-"));
  const log: GuestLogLine[] = [];
  const onLog = (line: GuestLogLine) => log.push(line);
  const enclave = createEnclave({ wall: "insecure-none", ...enclaveOptions, onLog }, file);
  const options = (change: Partial<LoadOptions> = {}): LoadOptions => ({
    ...probeOptions(sealDirectory),
    ...change,
  });
  return {
    enclave,
    log,
    sealDirectory,
    options,
    load: (cryptlet, change) => enclave.load(cryptlet, options(change)),
    stop: async () => {
      await enclave.close();
      await rm(sealDirectory, { recursive: true, force: true });
    },
  };
};
