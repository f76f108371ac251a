import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { LaneEngine, LaneEngineParts } from "../lane-engine.ts";
import { compileEngine } from "./engine-module.ts";
import { createQuickjsEngine } from "./quickjs-engine.ts";

const decode = (code: Uint8Array, cryptlet: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(code);
  } catch {
    throw fabricError("CRYPTLET_INIT_FAILED", { cryptlet, reason: "the bundle is not UTF-8" });
  }
};

/** `LaneEngine` of lane `js`: a bundle of UTF-8 text on QuickJS-NG. */
export const createJsLaneEngine = async ({
  limits,
  host,
  module,
}: LaneEngineParts): Promise<LaneEngine> => {
  const engine = createQuickjsEngine(
    module ?? (await compileEngine(limits.memoryBytes)),
    limits,
    host,
  );
  return {
    build: async (code, cryptlet) => ({
      lane: "js",
      ...(await engine.build(decode(code, cryptlet), cryptlet)),
    }),
    restore: (snapshot) => {
      if (snapshot.lane !== "js") throw new Error(`lane js cannot restore ${snapshot.lane}`);
      return engine.restore(snapshot);
    },
  };
};
