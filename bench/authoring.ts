import { measureBuildTime } from "./authoring/build-time.ts";
import { measureCliStart } from "./authoring/cli-start.ts";
import { measureDevReload } from "./authoring/dev-reload.ts";
import { measureInitToValue } from "./authoring/init-to-value.ts";
import type { BenchRow } from "./report.ts";

/** What an author waits for. */
export const runAuthoringBench = async (): Promise<readonly BenchRow[]> => [
  ...measureCliStart(),
  ...measureBuildTime(),
  ...(await measureInitToValue()),
  ...(await measureDevReload()),
];
