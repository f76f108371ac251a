import { expect, it, onTestFinished } from "vitest";
import type { RunReport } from "../../enclave-sim/host/enclave.ts";
import {
  createMember,
  feedOf,
  memoryBook,
  signAs,
  statementOf,
} from "../../test/support/quorum-fixture.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { openStore } from "../store/open-store.ts";
import { createQuorumSealer, type QuorumSealerParts } from "./quorum-sealer.ts";

it("one member's statement of the last round of all does not use the rounds up", async () => {
  const members = ["a", "b", "c"].map(createMember);
  const [, b] = members;
  if (!b) throw new Error("the fixture has three members");
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  const statement = statementOf(0xffff_ffff, { previous: null });
  const asked: number[] = [];
  const parts: Partial<QuorumSealerParts> = {
    self: "a",
    served: {
      quorum: feedOf(members),
      cryptlet: {
        sign: async ({ round }: { readonly round: number }) => {
          asked.push(round);
          throw fabricError("RUN_UNKNOWN", { run: "1" });
        },
      } as unknown as QuorumSealerParts["served"]["cryptlet"],
      windowMs: 60_000,
      hasGroup: false,
    },
    lease: { epoch: () => 1 } as QuorumSealerParts["lease"],
    leader: {
      recover: async () => [{ statement, signatures: [signAs(b, statement)] }],
      collect: async () => {
        throw new Error("nobody is asked");
      },
    },
    book: memoryBook(),
    store,
    clock: createManualClock(0),
    log: silentLog,
  };
  const sealer = createQuorumSealer(parts as QuorumSealerParts);
  expect(await sealer.prepare({})).toBe(true);
  await expect(sealer.seal({ runId: "1" } as RunReport, {})).rejects.toMatchObject({
    code: "RUN_UNKNOWN",
  });
  expect(asked).toEqual([17]);
});
