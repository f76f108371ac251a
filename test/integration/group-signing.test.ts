import { cp, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryState } from "../../enclave-sim/capabilities/state/memory-state.ts";
import type { LoadOptions } from "../../enclave-sim/host/enclave.ts";
import { createMemoryCounter } from "../../enclave-sim/host/monotonic-counter.ts";
import { appraiseOne } from "../../src/attestation/appraise.ts";
import { createEvidenceAppraiser } from "../../src/attestation/evidence-appraiser.ts";
import { createSimulatedAnchor } from "../../src/attestation/simulated-anchor.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { buildBundle, type Evidence, serializeBundle } from "../../src/envelope/bundle.ts";
import { verifyBundle } from "../../src/envelope/verify-bundle.ts";
import { ANY_SCOPE, createPolicy } from "../support/bundle-fixture.ts";
import { digestHex } from "../../src/core/ids.ts";
import { ceremonyOf } from "../../src/crypto/frost/group-plan.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { startEnclave } from "../support/guest-fixture.ts";
import {
  confirmCeremony,
  type GroupHost,
  holdCeremony,
  loadMember,
  onchainMessageOf,
  planFor,
  proposeRound,
  signWithHosts,
  startGroupHosts,
} from "../support/group-enclaves.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Several real enclaves, each a thread with its own platform, make a key without a dealer and sign with it.

let emulator: ProviderEmulator;
let sources: LoadOptions["sources"];
const opened: GroupHost[] = [];
beforeAll(async () => {
  emulator = await startProviderEmulator({ seed: "group", maxStepPpm: 0 });
  const { address, port, caPem } = emulator;
  sources = { mode: "emulated", address, port, caPem, allowPrivateAddresses: true };
});
afterAll(async () => {
  await Promise.all(opened.map(({ fixture }) => fixture.stop()));
  await emulator.close();
});

const start = async (
  ...[count, options]: [number, Partial<Parameters<typeof startGroupHosts>[1]>?]
) => {
  const hosts = await startGroupHosts(count, { sources, ...options });
  opened.push(...hosts);
  return hosts;
};
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );
const pick = (hosts: readonly GroupHost[], ...at: number[]): readonly GroupHost[] =>
  at.flatMap((each) => hosts[each] ?? []);
const hostAt = (hosts: readonly GroupHost[], at: number): GroupHost => {
  const host = hosts[at];
  if (!host) throw new Error(`no host ${at}`);
  return host;
};

describe("a group of three enclaves", () => {
  let hosts: readonly GroupHost[];
  beforeAll(async () => {
    hosts = await start(4);
  });

  test("makes a key, signs with any two, gives the key new shares and signs on", async () => {
    const members = pick(hosts, 0, 1, 2);
    const finished = await holdCeremony(planFor(members, 2), members);
    const record = finished[0]?.record;
    if (!record) throw new Error("no record");
    const statement = verifyGroupRecord(record);
    expect(statement).toMatchObject({ epoch: 0, threshold: 2, previous: null });
    expect(statement.members.map(({ key }) => key)).toEqual(members.map(({ key }) => key));

    // Each member's new evidence binds the group's key, and the transcript as its nonce.
    for (const [at, { attested }] of finished.entries()) {
      const host = hostAt(members, at);
      expect(attested.keys).toContainEqual(statement.key);
      const { refusal: refused, verified } = appraiseOne(attested.evidence, {
        policy: {
          id: "registrar",
          allowSimulated: true,
          allowDebug: true,
          tees: ["sgx"],
          tcb: { accept: ["UpToDate", "OutOfDate"] },
          anyOf: [{ measurements: [host.cryptlet.measurement] }],
        },
        anchors: [createSimulatedAnchor({ name: "s", certificate: host.cryptlet.platformRoot })],
        collateral: null,
        at: Date.now(),
        nonce: digestHex(statement.transcript),
      });
      expect(refused).toBeNull();
      expect(verified?.bound?.keys).toContainEqual(statement.key);
      expect(verified?.bound?.keys).toContainEqual(host.key);
    }

    const verifying = createVerifyingKey(statement.key);
    const round1 = await proposeRound(members, 1);
    const signed = await signWithHosts(record, pick(members, 0, 2), {
      ...round1,
      proposals: [round1.proposals[0], round1.proposals[2]].flatMap((each) => each ?? []),
    });
    expect(signed.signers).toEqual([1, 3]);
    expect(verifying.verify(signed.signature, onchainMessageOf(round1.signed))).toBe(true);

    // A stranger with a bundle, and evidence of all members or of some.
    const { measurement } = hostAt(members, 0).cryptlet;
    const appraise = createEvidenceAppraiser(
      {
        id: "stranger",
        allowSimulated: true,
        allowDebug: true,
        tees: ["sgx"],
        tcb: { accept: ["UpToDate", "OutOfDate"] },
        anyOf: [{ measurements: [measurement] }],
      },
      {
        anchors: members.map(({ cryptlet }) =>
          createSimulatedAnchor({ name: "s", certificate: cryptlet.platformRoot }),
        ),
      },
    );
    const { envelope, onchain } = round1.signed;
    if (!onchain) throw new Error("no on-chain form");
    const proven = async (evidence: readonly Evidence[]) => {
      const bundle = buildBundle({
        envelope,
        onchain: {
          ...onchain,
          signatures: [{ keyid: statement.key.keyid, sig: encodeBase64(signed.signature) }],
        },
        keys: [...hostAt(members, 0).cryptlet.keys],
        evidence: [...evidence],
        group: record,
      });
      const trust = createPolicy([], {
        attested: { scope: ANY_SCOPE, measurements: [measurement] },
      });
      const report = await verifyBundle(serializeBundle(bundle), {
        trust,
        at: Date.now(),
        appraise,
      });
      return [report.ok, report.group?.record?.attested, report.group?.proven, report.code];
    };
    const pieces = finished.map(({ attested }) => attested.evidence);
    expect(await proven(pieces)).toEqual([true, 3, 2, null]);
    expect(await proven(pieces.slice(0, 2))).toEqual([true, 2, 1, null]);
    // One member's evidence binds the group's key too, and proves nothing about the group.
    expect(await proven(pieces.slice(0, 1))).toEqual([
      false,
      undefined,
      undefined,
      "SIGNER_NOT_TRUSTED",
    ]);

    // Host 1 leaves, host 4 joins; two of the old deal.
    const after = pick(hosts, 1, 2, 3);
    const reshare = { record, dealers: [2, 3] };
    const again = await holdCeremony(planFor(after, 2, reshare), after, pick(hosts, 1, 2));
    const next = again[0]?.record;
    if (!next) throw new Error("no record");
    const renewed = verifyGroupRecord(next);
    expect(renewed).toMatchObject({ epoch: 1, previous: statement.transcript });
    expect(renewed.key).toEqual(statement.key);
    // The one that left still holds its share until it is told; then it does not.
    const left = hostAt(hosts, 0).cryptlet.groups;
    expect(await left.list()).toHaveLength(1);
    // Whoever sends it cannot have the share deleted by words alone.
    expect(await refusal(left.finish({ record: next }))).toBe("FROST_MEMBER_REFUSED");
    await left.finish({ record: next, evidence: after.map(({ cryptlet }) => cryptlet.evidence) });
    expect(await left.list()).toHaveLength(0);
    expect(await refusal(left.commit({ group: "probe", epoch: 0, count: 1 }))).toBe(
      "FROST_GROUP_UNKNOWN",
    );
    const old = hostAt(hosts, 1).cryptlet.groups;
    expect(await refusal(old.commit({ group: "probe", epoch: 0, count: 1 }))).toBe(
      "FROST_EPOCH_WRONG",
    );

    const round2 = await proposeRound(after, 2);
    const newer = await signWithHosts(next, pick(after, 0, 2), {
      ...round2,
      proposals: [round2.proposals[0], round2.proposals[2]].flatMap((each) => each ?? []),
    });
    expect(verifying.verify(newer.signature, onchainMessageOf(round2.signed))).toBe(true);
  });

  test("gives no share for another statement of a round, nor twice with one nonce", async () => {
    const members = pick(hosts, 0, 1);
    const [finished] = await holdCeremony(planFor(members, 2, null, "twice"), members);
    if (!finished) throw new Error("no group");
    const { record } = finished;
    const round = await proposeRound(members, 10);
    const groups = members.map(({ cryptlet }) => cryptlet.groups);
    const commitments = (
      await Promise.all(groups.map((each) => each.commit({ group: "twice", epoch: 0, count: 1 })))
    ).flat();
    const [proposal, follower] = round.proposals;
    const [leader, other] = groups;
    if (!proposal || !follower || !leader || !other) throw new Error("no proposals");
    const request = { group: "twice", epoch: 0, proposal, commitments };
    await leader.signShare(request);
    expect(await refusal(leader.signShare(request))).toBe("FROST_NONCE_UNKNOWN");
    // The same statement with new nonces is fine: a member may have failed.
    const signed = await signWithHosts(record, members, round);
    expect(signed.signers).toEqual([1, 2]);
    const changed = {
      ...follower,
      statement: proposal.statement.replace('"round":10', '"round":9'),
    };
    const fresh = (
      await Promise.all(groups.map((each) => each.commit({ group: "twice", epoch: 0, count: 1 })))
    ).flat();
    expect(
      await refusal(other.signShare({ ...request, proposal: changed, commitments: fresh })),
    ).toBe("ROUND_EQUIVOCATION");
    expect(
      await refusal(
        other.signShare({
          ...request,
          proposal: {
            ...follower,
            statement: proposal.statement.replace('"decimals":8', '"decimals":7'),
          },
          commitments: fresh,
        }),
      ),
    ).toBe("ROUND_EQUIVOCATION");
  });

  test("holds two confirmed ceremonies of one group never, and forgets one that is abandoned", async () => {
    const members = pick(hosts, 0, 1);
    const plan = planFor(members, 2, null, "pending");
    const record = await confirmCeremony(plan, members);
    const second = planFor(members, 2, null, "pending");
    const evidence = members.map(({ cryptlet }) => cryptlet.evidence);
    const { groups } = hostAt(members, 0).cryptlet;
    expect(await refusal(groups.join({ plan: second, evidence }))).toBe("FROST_CEREMONY_ORDER");
    await groups.abandon({ ceremony: ceremonyOf(plan) });
    expect(await refusal(groups.finish({ record }))).toBe("FROST_GROUP_UNKNOWN");
    expect((await groups.join({ plan: second, evidence })).kind).toBe("join");
    await groups.abandon({ ceremony: ceremonyOf(second) });
  });
});

describe("an enclave started again", () => {
  test("signs with its sealed share, not with an old nonce, and refuses a folder that was put back", async () => {
    const hosts = await start(2);
    const [first] = hosts;
    if (!first) throw new Error("no host");
    const folder = first.fixture.sealDirectory;
    const [finished] = await holdCeremony(planFor(hosts, 2), hosts);
    if (!finished) throw new Error("no group");
    const copy = temporaryFolder();
    await cp(folder, copy, { recursive: true });
    const old = await first.cryptlet.groups.commit({ group: "probe", epoch: 0, count: 1 });
    expect(old).toHaveLength(1);

    // The same folder in a new process' worth of enclave.
    const counter = createMemoryCounter();
    const settings = { counter, state: createMemoryState() };
    const again = await startEnclave(settings);
    const options = {
      sources,
      members: 2,
      groups: {
        simulatedRoots: hosts.map(({ cryptlet }, at) => ({
          name: `simulator ${at}`,
          certificate: cryptlet.platformRoot,
        })),
        insecureAllowSimulated: true,
        tcb: { accept: ["UpToDate" as const, "OutOfDate" as const] },
      },
    };
    const restarted = { ...again, sealDirectory: folder };
    const cryptlet = await loadMember(
      {
        ...restarted,
        load: (it, change) =>
          again.enclave.load(it, { ...again.options(change), sealDirectory: folder }),
      },
      options,
    );
    opened.push({ fixture: again, cryptlet, key: first.key });
    const [held] = await cryptlet.groups.list();
    expect(held).toMatchObject({ group: "probe", epoch: 0, threshold: 2, index: 1 });
    const renewedHosts = [{ ...first, cryptlet }, hostAt(hosts, 1)];
    const round = await proposeRound(renewedHosts, 1);
    const signed = await signWithHosts(finished.record, renewedHosts, round);
    const key = createVerifyingKey(verifyGroupRecord(finished.record).key);
    expect(key.verify(signed.signature, onchainMessageOf(round.signed))).toBe(true);
    // What it committed to before is gone with its memory.
    const [proposal] = round.proposals;
    if (!proposal) throw new Error("no proposal");
    const partner = await hostAt(hosts, 1).cryptlet.groups.commit({
      group: "probe",
      epoch: 0,
      count: 1,
    });
    expect(
      await refusal(
        cryptlet.groups.signShare({
          group: "probe",
          epoch: 0,
          proposal,
          commitments: [...old, ...partner],
        }),
      ),
    ).toBe("FROST_NONCE_UNKNOWN");

    // A resharing moves the counter; then the folder of before is put back.
    const reshare = { record: finished.record, dealers: [1, 2] };
    await holdCeremony(planFor(renewedHosts, 2, reshare), renewedHosts);
    await cryptlet.close();
    for (const name of await readdir(folder))
      if (name.includes(".group-")) await rm(path.join(folder, name));
    await cp(copy, folder, { recursive: true });
    expect(
      await refusal(
        loadMember(
          {
            ...restarted,
            load: (it, change) =>
              again.enclave.load(it, { ...again.options(change), sealDirectory: folder }),
          },
          options,
        ),
      ),
    ).toBe("SEAL_REFUSED");
  });
});

describe("whom an enclave takes for a member", () => {
  test("nobody without groups, no simulator that it was not told of, no key without evidence", async () => {
    const closed = await startEnclave({ state: createMemoryState() });
    const none = await loadMember(closed, { sources, members: 2 });
    const hosts = await start(2, { groups: { simulatedRoots: [] } });
    const [key] = none.keys;
    if (!key) throw new Error("no key");
    opened.push({ fixture: closed, cryptlet: none, key });
    const evidence = hosts.map(({ cryptlet }) => cryptlet.evidence);
    const plan = planFor(hosts, 2);
    expect(await refusal(none.groups.join({ plan, evidence }))).toBe("FROST_NOT_ALLOWED");
    const { groups } = hostAt(hosts, 0).cryptlet;
    expect(await refusal(groups.join({ plan, evidence }))).toBe("FROST_MEMBER_REFUSED");
    expect(await refusal(groups.join({ plan, evidence: [] }))).toBe("FROST_MEMBER_REFUSED");
    const without = await start(2, { groups: { insecureAllowSimulated: false } });
    const refused = hostAt(without, 0).cryptlet.groups.join({
      plan: planFor(without, 2),
      evidence: without.map(({ cryptlet }) => cryptlet.evidence),
    });
    expect(await refusal(refused)).toBe("FROST_MEMBER_REFUSED");
  });

  test("no plan below its least threshold, and no key of somebody else's", async () => {
    const hosts = await start(3, { groups: { minThreshold: 3 } });
    const evidence = hosts.map(({ cryptlet }) => cryptlet.evidence);
    const { groups } = hostAt(hosts, 0).cryptlet;
    expect(await refusal(groups.join({ plan: planFor(hosts, 2), evidence }))).toBe(
      "FROST_NOT_ALLOWED",
    );
    const others = pick(hosts, 1, 2);
    const strange = { ...planFor(others, 2), threshold: 2 };
    expect(await refusal(groups.join({ plan: strange, evidence }))).toBe("FROST_NOT_ALLOWED");
    const plan = planFor(hosts, 3);
    // One enclave's evidence under two names.
    const [mine] = evidence;
    if (!mine) throw new Error("no evidence");
    expect(await refusal(groups.join({ plan, evidence: [mine, mine, mine] }))).toBe(
      "FROST_MEMBER_REFUSED",
    );
  });
});
