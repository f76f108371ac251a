import { createMemoryState } from "../../enclave-sim/capabilities/state/memory-state.ts";
import type {
  EnclaveOptions,
  LoadedCryptlet,
  LoadOptions,
  SignedObservation,
} from "../../enclave-sim/host/enclave.ts";
import { openPlatform } from "../../enclave-sim/host/host-platform.ts";
import type { FinishedGroup } from "../../enclave-sim/host/group-calls.ts";
import { createMemoryCounter } from "../../enclave-sim/host/monotonic-counter.ts";
import { createRunId } from "../../src/core/ids.ts";
import { aggregateShares } from "../../src/crypto/frost/aggregate-shares.ts";
import { ceremonyOf, type GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import type { GroupRecord } from "../../src/crypto/frost/group-record.ts";
import { openSigningSession } from "../../src/crypto/frost/signing-session.ts";
import {
  createGroupRecord,
  verifyGroupRecord,
} from "../../src/crypto/frost/verify-group-record.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import { payloadBytes, preAuthEncoding } from "../../src/envelope/dsse.ts";
import { freshNonce } from "./group-fixture.ts";
import {
  FEED,
  fetchingPackage,
  probeOptions,
  startEnclave,
  type EnclaveFixture,
  trigger,
} from "./guest-fixture.ts";

/** An enclave of a group: a thread, a folder, a simulated platform, a counter and a state of its own. */
export interface GroupHost {
  readonly fixture: EnclaveFixture;
  readonly cryptlet: LoadedCryptlet;
  /** Its Ed25519 key. */
  readonly key: KeyRecord;
}

/** Start `count` hosts that take each other as members. */
export const startGroupHosts = async (
  count: number,
  options: {
    readonly sources: LoadOptions["sources"];
    readonly groups?: LoadOptions["groups"];
    /** Of the feed's quorum. */
    readonly threshold?: number;
    readonly enclave?: EnclaveOptions;
  },
): Promise<readonly GroupHost[]> => {
  const fixtures = await Promise.all(
    Array.from({ length: count }, () =>
      startEnclave({
        counter: createMemoryCounter(),
        state: createMemoryState(),
        ...options.enclave,
      }),
    ),
  );
  const simulatedRoots = await Promise.all(
    fixtures.map(async ({ sealDirectory }, at) => ({
      name: `simulator ${at + 1}`,
      certificate: (await openPlatform(sealDirectory, Date.now())).rootPem,
    })),
  );
  const groups = {
    simulatedRoots,
    insecureAllowSimulated: true,
    tcb: { accept: ["UpToDate" as const, "OutOfDate" as const] },
    ...options.groups,
  };
  return Promise.all(
    fixtures.map(async (fixture) => {
      const cryptlet = await loadMember(fixture, { ...options, groups, members: count });
      return { fixture, cryptlet, key: ed25519Of(cryptlet) };
    }),
  );
};

const ed25519Of = ({ keys }: Pick<LoadedCryptlet, "keys">): KeyRecord => {
  const key = keys.find(({ suite }) => suite === "ed25519");
  if (!key) throw new Error("the enclave has no Ed25519 key");
  return key;
};

/** Load the probe into one host, as a member of the feed's quorum. */
export const loadMember = (
  fixture: EnclaveFixture,
  options: {
    readonly sources: LoadOptions["sources"];
    readonly groups?: LoadOptions["groups"];
    readonly threshold?: number;
    readonly members: number;
  },
): Promise<LoadedCryptlet> => {
  const { sources, groups, threshold = 2, members } = options;
  const quorum = {
    members: Array.from({ length: members }, (_, at) => `host-${at + 1}`),
    threshold,
    tolerancePpm: 0,
    windowMs: 60_000,
  };
  const feeds = probeOptions(fixture.sealDirectory).feeds.map((feed) =>
    feed.feed === FEED ? { ...feed, quorum } : feed,
  );
  return fixture.load(fetchingPackage(), { sources, feeds, ...(groups ? { groups } : {}) });
};

/** Plan of a new key for these hosts. */
export const planFor = (
  hosts: readonly GroupHost[],
  threshold: number,
  reshare: GroupPlan["reshare"] = null,
  group = "probe",
): GroupPlan => ({
  format: "cryptlet-group-plan/v1",
  group,
  epoch: reshare ? verifyGroupRecord(reshare.record).epoch + 1 : 0,
  threshold,
  members: hosts.map(({ key }) => key),
  reshare,
  nonce: freshNonce(),
});

/** Steps 0 to 2 of a ceremony: the record that all members confirmed, not finished yet. */
export const confirmCeremony = async (
  plan: GroupPlan,
  members: readonly GroupHost[],
  dealers: readonly GroupHost[] = members,
): Promise<GroupRecord> => {
  const everyone = [...new Set([...members, ...dealers])];
  const ceremony = ceremonyOf(plan);
  const evidence = everyone.map(({ cryptlet }) => cryptlet.evidence);
  const joins = await Promise.all(
    everyone.map(({ cryptlet }) => cryptlet.groups.join({ plan, evidence })),
  );
  const deals = await Promise.all(
    dealers.map(({ cryptlet }) => cryptlet.groups.deal({ ceremony, joins })),
  );
  const confirms = await Promise.all(
    members.map(({ cryptlet }) => cryptlet.groups.receive({ ceremony, joins, deals })),
  );
  return createGroupRecord(confirms);
};

/** A whole ceremony; what each member got at its end. */
export const holdCeremony = async (
  plan: GroupPlan,
  members: readonly GroupHost[],
  dealers: readonly GroupHost[] = members,
): Promise<readonly FinishedGroup[]> => {
  const record = await confirmCeremony(plan, members, dealers);
  return Promise.all(members.map(({ cryptlet }) => cryptlet.groups.finish({ record })));
};

/** A run on every host, and the first host's statement of this round. */
export const proposeRound = async (
  hosts: readonly GroupHost[],
  round: number,
): Promise<{
  readonly signed: SignedObservation;
  readonly proposals: readonly Parameters<LoadedCryptlet["groups"]["signShare"]>[0]["proposal"][];
}> => {
  const runIds = hosts.map(() => createRunId());
  await Promise.all(
    hosts.map(({ cryptlet }, at) =>
      cryptlet.run(trigger(), { runId: runIds[at] ?? createRunId() }),
    ),
  );
  const [leader] = hosts;
  const [runId] = runIds;
  if (!leader || !runId) throw new Error("no host");
  const signed = await leader.cryptlet.sign({
    runId,
    feed: FEED,
    round,
    epoch: 0,
    previous: null,
  });
  const statement = new TextDecoder().decode(payloadBytes(signed.envelope));
  const proposals = runIds.map((own, at) => ({
    statement,
    runId: at === 0 ? null : own,
    latest: null,
  }));
  return { signed, proposals };
};

/** What a group signs of a round. */
export const onchainMessageOf = ({ onchain }: SignedObservation): Uint8Array => {
  if (!onchain) throw new Error("a record has no on-chain form");
  return preAuthEncoding(onchain.payloadType, payloadBytes(onchain));
};

/** Both rounds over the hosts' enclaves: 52 bytes. */
export const signWithHosts = async (
  record: GroupRecord,
  hosts: readonly GroupHost[],
  round: Awaited<ReturnType<typeof proposeRound>>,
): Promise<{ readonly signature: Uint8Array; readonly signers: readonly number[] }> => {
  const statement = verifyGroupRecord(record);
  const { group, epoch } = statement;
  const commitments = (
    await Promise.all(
      hosts.map(({ cryptlet }) => cryptlet.groups.commit({ group, epoch, count: 1 })),
    )
  ).flat();
  const shares = await Promise.all(
    hosts.map(({ cryptlet }, at) => {
      const proposal = round.proposals[at];
      if (!proposal) throw new Error("no proposal for this host");
      return cryptlet.groups.signShare({ group, epoch, proposal, commitments });
    }),
  );
  const hash = keccak256(onchainMessageOf(round.signed));
  return aggregateShares(openSigningSession(statement, commitments, hash), shares);
};
