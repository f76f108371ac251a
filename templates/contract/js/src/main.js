import { defineCryptlet, noParameters } from "cryptlet-fabric/sdk";
import manifest from "../cryptlet.json" with { type: "json" };
import { readEscrow } from "./escrow.js";
import { nextStep } from "./next-step.js";

/** What the escrow should do now. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "next-step": { parameters: noParameters } },
  run: (ctx) => {
    const escrow = readEscrow(ctx.chain);
    const step = String(nextStep(escrow));
    return {
      feed: ctx.feed.id,
      value: {
        kind: /** @type {const} */ ("decimal"),
        text: step,
        decimals: ctx.feed.decimals ?? 0,
        unit: ctx.feed.unit ?? "",
      },
      observedAt: escrow.at,
      market: { status: /** @type {const} */ ("unknown"), session: null, nextOpen: null },
      sources: [
        {
          id: "escrow",
          reference: escrow.reference,
          extracted: String(escrow.state),
          observedAt: escrow.at,
          outlier: false,
          error: null,
        },
      ],
      aggregation: { method: "state-machine", minSources: 1, used: 1, spread: "0" },
    };
  },
});
