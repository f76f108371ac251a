import type { FabricConfig } from "../../core/config/schema.ts";

/** When a delivery has landed, in a few words: `depth 2`, `finalized`, `instant`. */
export const formatFinality = (finality: FabricConfig["chains"][number]["finality"]): string => {
  if (finality.kind === "depth") return `depth ${finality.depth}`;
  return finality.kind === "tag" ? finality.tag : finality.kind;
};
