import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import {
  WORLD_TIME,
  type WorldChange,
  worldAnchor,
  worldCrl,
  worldEvidence,
} from "../../../test/support/quote-world.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { createCollateralMemory } from "./collateral-memory.ts";
import { verifyDcapQuote } from "./verify-dcap-quote.ts";

const numbered = (tcbEvaluationDataNumber: number): WorldChange => ({
  tcbInfo: (info) => ({ ...info, tcbEvaluationDataNumber }),
  identity: (identity) => ({ ...identity, tcbEvaluationDataNumber }),
});
const listed = (number: number, thisUpdate: number): WorldChange => ({
  collateral: { pck_crl: bytesToHex(worldCrl("ca", { number, thisUpdate })) },
});

describe("the memory of collateral", () => {
  const judge = (memory: ReturnType<typeof createCollateralMemory>, change: WorldChange) =>
    codeOf(() => {
      const { quote, collateral } = worldEvidence(change);
      const at = WORLD_TIME;
      verifyDcapQuote(quote, { collateral, anchors: [worldAnchor()], at, memory });
    });

  it("refuses what is older than what it saw", () => {
    const memory = createCollateralMemory();
    expect(judge(memory, numbered(12))).toBe("none");
    expect(judge(memory, numbered(13))).toBe("none");
    expect(judge(memory, numbered(13))).toBe("none");
    expect(judge(memory, numbered(12))).toBe("COLLATERAL_ROLLED_BACK");
    // Without a memory every collateral of its time is as good as another: the past is judged so.
    expect(judge(createCollateralMemory(), numbered(12))).toBe("none");
  });

  it("tells lists apart by number and, since Intel's stays at 1, by date", () => {
    const memory = createCollateralMemory();
    const hour = 3_600_000;
    expect(judge(memory, listed(1, WORLD_TIME - hour))).toBe("none");
    expect(judge(memory, listed(1, WORLD_TIME - 2 * hour))).toBe("COLLATERAL_ROLLED_BACK");
    expect(judge(memory, listed(2, WORLD_TIME - 2 * hour))).toBe("none");
    expect(judge(memory, listed(1, WORLD_TIME - hour))).toBe("COLLATERAL_ROLLED_BACK");
  });

  it("learns nothing from what was refused", () => {
    const memory = createCollateralMemory();
    const refused: WorldChange = { ...numbered(99), qeReport: (report) => report.set([9], 256) };
    expect(judge(memory, refused)).toBe("QE_REFUSED");
    expect(memory.marks()).toEqual([]);
    expect(judge(memory, numbered(12))).toBe("none");
  });

  it("can be kept and taken up again", () => {
    const memory = createCollateralMemory();
    judge(memory, numbered(13));
    expect(memory.marks()).toHaveLength(4);
    expect(judge(createCollateralMemory(memory.marks()), numbered(12))).toBe(
      "COLLATERAL_ROLLED_BACK",
    );
  });

  it("keeps the highest of any order", () => {
    const rank = fc.tuple(fc.bigInt(0n, 9n), fc.bigInt(0n, 9n));
    fc.assert(
      fc.property(fc.array(rank, { minLength: 1 }), (ranks) => {
        const memory = createCollateralMemory(ranks.map((each) => ({ series: "x", rank: each })));
        const [highest] = ranks.toSorted((a, b) => Number(b[0] - a[0]) || Number(b[1] - a[1]));
        expect(memory.highest("x")).toEqual(highest);
        expect(memory.highest("y")).toBeNull();
      }),
    );
  });
});
