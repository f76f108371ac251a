import { randomBytes } from "node:crypto";
import { seal, type SealIdentity, type SealRequest, unseal } from "../../enclave-sim/host/seal.ts";
import type { BenchRow } from "../report.ts";
import { elapsed } from "./bench-cryptlets.ts";

const ROUNDS = 200;
const SIZES = [1_024, 65_536] as const;

/** Sealed storage: what it costs to put bytes away and get them back. */
export const measureSealing = async (): Promise<BenchRow[]> => {
  const group = "enclave: sealed storage";
  const zeros = "0".repeat(64);
  const identity: SealIdentity = {
    mrenclave: `sha256:${zeros}` as SealIdentity["mrenclave"],
    mrsigner: zeros,
    prodId: 0,
    svn: 0,
    cpuSvn: new Uint8Array(16),
    debug: true,
  };
  const request: SealRequest = { policy: "MRENCLAVE", purpose: "state" };
  const secret = randomBytes(32);
  const rows: BenchRow[] = [];
  for (const size of SIZES) {
    const plain = randomBytes(size);
    const text = seal(secret, identity, request, plain);
    const times = async (work: () => unknown) =>
      elapsed(async () => {
        for (let i = 0; i < ROUNDS; i++) work();
      });
    await times(() => seal(secret, identity, request, plain));
    const sealing = await times(() => seal(secret, identity, request, plain));
    const opening = await times(() => unseal(secret, identity, request, { text, path: "bench" }));
    const name = `${size / 1_024} KiB`;
    rows.push({ group, name: `seal ${name}`, value: (sealing / ROUNDS) * 1_000, unit: "µs" });
    rows.push({ group, name: `open ${name}`, value: (opening / ROUNDS) * 1_000, unit: "µs" });
  }
  return rows;
};
