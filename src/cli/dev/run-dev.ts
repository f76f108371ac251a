import { buildPackage } from "../../../enclave-sim/host/build-package.ts";
import type { Output } from "../output.ts";
import { untilStopped } from "../until-stopped.ts";
import type { DevEvent } from "./dev-event.ts";

/** What `cryptlet dev` was asked for. */
export interface DevOptions {
  readonly folder: string;
  readonly feed: readonly string[];
  /** Seconds between two runs, market time. */
  readonly every: number | undefined;
  /** ms since epoch. */
  readonly at: number | undefined;
  readonly speed: number;
  readonly sources: "auto" | "live" | "recorded" | "emulated";
  readonly replay: string | undefined;
  readonly record: string | undefined;
  readonly vars: string | undefined;
  readonly parameters: string | undefined;
  readonly configuration: string | undefined;
  readonly readChain: readonly string[];
  readonly with: readonly string[];
  readonly noChain: boolean;
  readonly port: number | undefined;
  readonly controlPort: number;
  readonly count: number | undefined;
  readonly verbose: boolean;
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Run until the signal aborts or `count` rounds came. */
export const runDev = async (options: DevOptions): Promise<void> => {
  const { folder, output, signal } = options;
  const began = performance.now();
  const { manifest, bundle } = await buildPackage(folder, { signal });
  const built: DevEvent = {
    type: "built",
    cryptlet: manifest.id,
    version: manifest.version,
    measurement: null,
    bytes: bundle.length,
    durationMs: Math.round(performance.now() - began),
  };
  output.event(built, `Built ${manifest.id} ${manifest.version}, ${bundle.length} bytes`);
  await untilStopped(signal);
};
