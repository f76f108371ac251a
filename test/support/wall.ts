import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import { reportNotRun } from "./not-run.ts";

let detected: ReturnType<typeof detectWall> | undefined;

/** True when programs can be put behind the outer wall; otherwise the suite is noted as not run. */
export const haveWall = async (suite: string): Promise<boolean> => {
  detected ??= detectWall();
  const state = await detected;
  if (state.available) return true;
  const install = state.packages.length > 0 ? `: apt-get install ${state.packages.join(" ")}` : "";
  reportNotRun(suite, `there is no outer wall here (${state.reason})${install}`);
  return false;
};
