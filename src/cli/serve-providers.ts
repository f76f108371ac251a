import { writeFile } from "node:fs/promises";
import path from "node:path";

import { fabricError } from "../core/errors/fabric-error.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../emulator/start-provider-emulator.ts";
import type { Output } from "./output.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";
import { untilStopped } from "./until-stopped.ts";

interface ServeOptions {
  readonly seed: string;
  readonly price: string | undefined;
  readonly step: number | undefined;
  readonly series: string | undefined;
  readonly from: string | undefined;
  readonly port: number;
  readonly controlPort: number;
  readonly caFile: string | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const start = ({ seed, price, step, series, from, port, controlPort }: ServeOptions) =>
  startProviderEmulator({
    seed,
    port,
    controlPort,
    ...(price === undefined ? {} : { startPrice: price }),
    ...(step === undefined ? {} : { maxStepPpm: step }),
    ...(series === undefined
      ? {}
      : { series: { file: series, ...(from === undefined ? {} : { from }) } }),
  });

/** It is made anew at each start, so an older one is replaced. */
const writeAuthority = async (file: string, pem: string): Promise<void> => {
  try {
    await writeFile(file, pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError("FILE_UNWRITABLE", { file, reason }, { cause: error });
  }
};

const announce = (emulator: ProviderEmulator, caFile: string, output: Output): void => {
  const { address, port, hosts, control } = emulator;
  const providers = {
    mode: "emulated",
    emulator: { address, port, caFile },
    allowPrivateAddresses: false,
  };
  const { style } = output;
  output.event(
    {
      type: "ready",
      address,
      port,
      caFile,
      control,
      hosts,
      price: emulator.price(),
      configuration: { providers },
    },
    [
      style.bold(
        `Provider emulator at https://${address}:${port}, ${emulator.price()} USD per ounce`,
      ),
      `It plays ${hosts.join(", ")}.`,
      "",
      "For the host's configuration:",
      `"providers": ${JSON.stringify(providers, null, 2)}`,
      "",
      `Control: ${control} (set the price, make a provider fail)`,
      style.warn("Every value from here is EMULATED and marked so. Ctrl-C stops it."),
    ].join("\n"),
  );
};

/** Run the emulator until the signal aborts. Throws `SERIES_UNREADABLE`, `DECIMAL_INVALID`, `FILE_UNWRITABLE`, `USAGE_INVALID`. */
export const serveProviders = async (options: ServeOptions): Promise<void> => {
  const { output, signal, series, from } = options;
  if (from !== undefined && series === undefined)
    throw fabricError("USAGE_INVALID", { fault: "--from needs --series" });
  const emulator = await start(options);
  const folder = options.caFile === undefined ? createTemporaryFolder("cryptlet-providers-") : null;
  try {
    const caFile = path.resolve(
      options.caFile ?? path.join(folder?.path ?? ".", "providers-ca.pem"),
    );
    await writeAuthority(caFile, emulator.caPem);
    announce(emulator, caFile, output);
    await untilStopped(signal);
  } finally {
    await emulator.close();
    await folder?.remove();
  }
};
