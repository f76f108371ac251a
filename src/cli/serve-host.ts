import { createApi } from "../api/create-api.ts";
import { systemClock } from "../core/clock.ts";
import { loadConfig } from "../core/config/load-config.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { createLog } from "../core/log.ts";
import type { Fabric } from "../host/fabric.ts";
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
  url: string,
  output: Output,
): Promise<void> => {
  const feeds = (await fabric.feeds.list()).map(({ id }) => id);
  const simulated = (await fabric.cryptlets.list()).some((cryptlet) => cryptlet.simulated);
  const { style } = output;
  output.event(
    { type: "ready", url, fabric: fabric.id, feeds, bus: config.bus.driver, simulated },
    `Fabric ${style.bold(fabric.id)} is ready at ${style.bold(url)} with ` +
      (feeds.length === 0
        ? `no feed.\n${style.warn("Its configuration names none: docs/host.md goes from nothing to a price on a chain.")}`
        : `${feeds.length} feed(s): ${feeds.join(", ")}`) +
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
  try {
    const url = await api.listen(config.api);
    await announce(fabric, config, url, output);
    await untilStopped(signal);
    output.event({ type: "draining" }, "Draining: finishing what was begun.");
  } finally {
    await api.close();
    await fabric.stop();
  }
  output.event({ type: "stopped" }, "Stopped; nothing was lost.");
};
