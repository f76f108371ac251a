import { aggregateShares } from "../src/crypto/frost/aggregate-shares.ts";
import { commitNonces, makeSignatureShare } from "../src/crypto/frost/sign-share.ts";
import { openSigningSession } from "../src/crypto/frost/signing-session.ts";
import { keccak256 } from "../src/crypto/hashes.ts";
import { createSigningKey, createVerifyingKey } from "../src/crypto/key-record.ts";
import { type LocalGroup, makeLocalGroup } from "./frost/local-group.ts";
import type { BenchRow } from "./report.ts";

const SIZES = [
  [3, 5],
  [13, 19],
] as const;
const SIGNATURES = 12;
const UNIT = "CPU ms";

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** CPU ms of the parts of one signature, each by whom it falls to. */
interface Parts {
  readonly commit: number;
  readonly share: number;
  readonly aggregate: number;
  readonly verify: number;
}

const signOnce = ({ statement, signers }: LocalGroup, turn: number): Parts => {
  const message = Uint8Array.of(turn);
  const hash = keccak256(message);
  const team = signers.slice(0, statement.threshold);
  const times = [cpuMs()];
  const commitments = team.flatMap((signer) => commitNonces(signer, 1));
  times.push(cpuMs());
  const shares = team.map((signer) =>
    // Each member checks the others' commitments itself.
    makeSignatureShare(signer, openSigningSession(statement, commitments, hash)),
  );
  times.push(cpuMs());
  const session = openSigningSession(statement, commitments, hash);
  const { signature } = aggregateShares(session, shares);
  times.push(cpuMs());
  if (!createVerifyingKey(statement.key).verify(signature, message))
    throw new Error("the group's signature does not hold");
  times.push(cpuMs());
  const [start = 0, committed = 0, shared = 0, aggregated = 0, verified = 0] = times;
  return {
    commit: (committed - start) / team.length,
    share: (shared - committed) / team.length,
    aggregate: aggregated - shared,
    verify: verified - aggregated,
  };
};

const rowsFor = async (threshold: number, members: number): Promise<readonly BenchRow[]> => {
  const before = cpuMs();
  const made = await makeLocalGroup(threshold, members);
  const ceremony = cpuMs() - before;
  // The first ones warm up.
  const all = Array.from({ length: SIGNATURES + 3 }, (_, turn) => signOnce(made, turn)).slice(3);
  const part = (name: keyof Parts): number => median(all.map((each) => each[name]));
  const key = createSigningKey("secp256k1-keccak256");
  const start = cpuMs();
  for (let turn = 0; turn < 100; turn++) key.sign(Uint8Array.of(turn));
  const list = (threshold * (cpuMs() - start)) / 100;
  const whole = threshold * (part("commit") + part("share")) + part("aggregate");
  const group = `FROST, ${threshold} of ${members}, all members on one machine`;
  const row = (name: string, value: number) => ({ group, name, value, unit: UNIT });
  return [
    row("commitment to one nonce pair, per member (made ahead)", part("commit")),
    row("share, per member", part("share")),
    row("aggregation, once", part("aggregate")),
    row("verification off chain, once", part("verify")),
    row("whole signature: every member's work added up", whole),
    { ...row(`ECDSA list of ${threshold}`, list), ratio: list / whole, against: "whole signature" },
    row("key generation, per member", ceremony / members),
  ];
};

/** What a group's signature costs in computing; what it saves on chain `bench:gas` prints. */
export const runFrostBench = async (): Promise<BenchRow[]> => {
  const rows: BenchRow[] = [];
  for (const [threshold, members] of SIZES) rows.push(...(await rowsFor(threshold, members)));
  return rows;
};
