import { createApi } from "../api/create-api.ts";
import { systemClock } from "../core/clock.ts";
import { loadConfig } from "../core/config/load-config.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { createLog } from "../core/log.ts";
import type { Fabric } from "../host/fabric.ts";
import { startAttestedApi } from "../api/start-attested-api.ts";
import type { AttestedHttp } from "../attested-tls/start-attested-http.ts";
import { startFabric } from "../host/start-fabric.ts";
import type { GlobalOptions } from "./command.ts";
import type { Output } from "./output.ts";
import { untilStopped } from "./until-stopped.ts";

interface ServeOptions {
  readonly global: GlobalOptions;
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const announce = async (
  fabric: Fabric,
  config: FabricConfig,
  { url, attestedUrl }: { readonly url: string; readonly attestedUrl: string | null },
  output: Output,
): Promise<void> => {
  const feeds = (await fabric.feeds.list()).map(({ id }) => id);
  const simulated = (await fabric.cryptlets.list()).some((cryptlet) => cryptlet.simulated);
  const { style } = output;
  output.event(
    {
      type: "ready",
      url,
      ...(attestedUrl === null ? {} : { attestedUrl }),
      fabric: fabric.id,
      feeds,
      bus: config.bus.driver,
      simulated,
    },
    `Fabric ${style.bold(fabric.id)} is ready at ${style.bold(url)} with ` +
      (feeds.length === 0
        ? `no feed.\n${style.warn("Its configuration names none: docs/host.md goes from nothing to a price on a chain.")}`
        : `${feeds.length} feed(s): ${feeds.join(", ")}`) +
      (attestedUrl === null
        ? ""
        : `\nThe same API with evidence in its certificate: ${attestedUrl}`) +
      (simulated ? `\n${style.warn("Its enclave is SIMULATED: no hardware protects it.")}` : ""),
  );
};

/** Run a host until the signal aborts, then drain it. Throws what the configuration, the parts and the API throw. */
export const serveHost = async ({ global, output, env, signal }: ServeOptions): Promise<void> => {
  const file = global.config;
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
  const log = createLog({ level: global.verbose ? "debug" : config.log.level });
  const progress = output.progress("Starting");
  let fabric: Fabric;
  try {
    fabric = await startFabric(config, { log, clock: systemClock, signal });
  } finally {
    progress.stop();
  }
  const api = createApi({ fabric, log, token: config.api.token });
  let attested: AttestedHttp | null = null;
  try {
    const url = await api.listen(config.api);
    const { attested: wanted } = config.api;
    attested = wanted && (await startAttestedApi({ api, fabric, wanted, log, signal }));
    await announce(fabric, config, { url, attestedUrl: attested?.url ?? null }, output);
    await untilStopped(signal);
    output.event({ type: "draining" }, "Draining: finishing what was begun.");
  } finally {
    await attested?.close();
    await api.close();
    await fabric.stop();
  }
  output.event({ type: "stopped" }, "Stopped; nothing was lost.");
};
