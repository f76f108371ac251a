import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { appraiseSigner, type AppraisedSigner } from "../../src/cli/contract/appraise-signer.ts";
import { parseConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfig, FabricConfigInput } from "../../src/core/config/schema.ts";
import { fabricIdSchema, feedIdSchema, type FeedId } from "../../src/core/ids.ts";
import type { ProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import { writeObedientPackage } from "./fabric-stage.ts";

export const QUORUM_FABRIC = fabricIdSchema.parse("quorum");
export const QUORUM_FEED = feedIdSchema.parse("gold");
const DAY_MS = 86_400_000;

type FeedInput = NonNullable<FabricConfigInput["feeds"]>[number];
type QuorumInput = NonNullable<FeedInput["quorum"]>;

/** One host of a quorum before it is started: its folder, keys and configuration. */
export interface QuorumHost {
  readonly id: string;
  readonly folder: string;
  readonly signer: AppraisedSigner;
  readonly configFile: string;
  readonly config: FabricConfig;
}

/** Hosts that know each other. */
export interface QuorumStage {
  readonly feed: FeedId;
  readonly hosts: readonly QuorumHost[];
  readonly host: (id: string) => QuorumHost;
}

/**
 * Prepares hosts with databases, folders and enclaves of their own: each enclave is started once for its keys, and every
 * configuration names all of them.
 */
export const openQuorumStage = async (options: {
  readonly folder: string;
  readonly natsUrl: string;
  readonly ids: readonly string[];
  /** Where a host's sources are. */
  readonly emulatorOf: (id: string) => Pick<ProviderEmulator, "address" | "port" | "caPem">;
  readonly quorum?: Partial<QuorumInput>;
  readonly feed?: Partial<FeedInput>;
  readonly leaseMs?: number;
  /** More of a host's configuration, when every enclave's keys are known. */
  readonly config?: (
    signers: ReadonlyMap<string, AppraisedSigner>,
  ) => Promise<(id: string) => Partial<FabricConfigInput>>;
  readonly signal: AbortSignal;
}): Promise<QuorumStage> => {
  const { folder, ids, signal } = options;
  const directory = writeObedientPackage(folder);
  const found = await readPackage(directory);
  const signers = new Map<string, AppraisedSigner>();
  for (const id of ids) {
    const home = path.join(folder, id);
    mkdirSync(path.join(home, "data"), { recursive: true });
    const signer = await appraiseSigner({
      found,
      fabric: QUORUM_FABRIC,
      secrets: {},
      sealDirectory: path.join(home, "data", "sealed"),
      policy: "quorum",
      signal,
    });
    signers.set(id, signer);
    writeFileSync(path.join(folder, `${id}.root.pem`), signer.root.certificate);
  }
  const [first] = signers.values();
  if (!first) throw new Error("a quorum has hosts");
  writeFileSync(path.join(folder, "appraisal.json"), JSON.stringify(first.appraisal));
  const more = await options.config?.(signers);
  const hosts = [...signers].map(([id, signer]): QuorumHost => {
    const home = path.join(folder, id);
    const emulator = options.emulatorOf(id);
    writeFileSync(path.join(home, "ca.pem"), emulator.caPem);
    const raw: FabricConfigInput = {
      fabric: QUORUM_FABRIC,
      dataDirectory: "data",
      api: { port: 0 },
      bus: { driver: "nats", url: options.natsUrl },
      providers: {
        mode: "emulated",
        emulator: { address: emulator.address, port: emulator.port, caFile: "ca.pem" },
      },
      enclave: { insecureAllowSimulated: true },
      cryptlets: [{ package: directory }],
      quorum: {
        host: id,
        members: [...signers].map(([member, { keys }]) => ({
          id: member,
          keys: [...keys],
          platformRoot: `../${member}.root.pem`,
        })),
        appraisal: "../appraisal.json",
        leaseMs: options.leaseMs ?? 2_000,
        deliverAfterMs: 3_000,
      },
      feeds: [
        {
          id: QUORUM_FEED,
          cryptlet: "obedient",
          feed: "price",
          parameters: { do: "publish" },
          intervalMs: DAY_MS,
          heartbeatMs: DAY_MS,
          deviationPpm: 1,
          quorum: {
            members: [...ids],
            threshold: 2,
            tolerancePpm: 1_000,
            timeoutMs: 5_000,
            ...options.quorum,
          },
          ...options.feed,
        },
      ],
      ...more?.(id),
    };
    const configFile = path.join(home, "fabric.json");
    writeFileSync(configFile, JSON.stringify(raw));
    return {
      id,
      folder: home,
      signer,
      configFile,
      config: parseConfig(raw, { env: {}, base: home }),
    };
  });
  return {
    feed: QUORUM_FEED,
    hosts,
    host: (id) => {
      const host = hosts.find((each) => each.id === id);
      if (!host) throw new Error(`no host ${id}`);
      return host;
    },
  };
};
