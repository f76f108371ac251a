import { createApi } from "../../api/create-api.ts";
import { createLog, silentLog } from "../../core/log.ts";
import { startProviderEmulator } from "../../emulator/start-provider-emulator.ts";
import { decideProviderMode } from "../../host/provider-mode.ts";
import { readPackage } from "../../../enclave-sim/host/read-package.ts";
import { startAnvil } from "../anvil.ts";
import type { CommandResult } from "../command.ts";
import type { Output } from "../output.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";
import { untilStopped } from "../until-stopped.ts";
import { wrapText } from "../wrap-text.ts";
import { connectDemoChain } from "./demo-chain.ts";
import type { DemoData } from "./demo-data.ts";
import { goldFeedOf, goldPackage } from "./demo-enclave.ts";
import type { DemoEvent } from "./demo-event.ts";
import type { DemoStage } from "./demo-stage.ts";
import { createDemoText } from "./demo-text.ts";
import { playScenario, type ScenarioResult } from "./scenario.ts";
import { createStopwatch } from "./stopwatch.ts";

const CHAIN_ID = 31_337;

interface DemoOptions {
  readonly keep: boolean;
  readonly providers: "auto" | "live" | "emulated";
  readonly port: number;
  readonly verbose: boolean;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Decides for `auto`; a test decides otherwise. */
  readonly decide?: typeof decideProviderMode;
  /** ms that live services may take under `auto`. */
  readonly liveLimitMs?: number;
}

/** Live services that take longer have not answered; a run may take ten seconds. */
const LIVE_LIMIT_MS = 15_000;

/** Undoes what was done, the last first; one failure keeps nothing else from being undone. */
const createUndo = () => {
  const steps: (() => Promise<void>)[] = [];
  return {
    defer: (step: () => Promise<void>): void => void steps.push(step),
    run: async (onError: (error: unknown) => void): Promise<void> => {
      for (const step of steps.toReversed()) await step().catch(onError);
    },
  };
};

/** Prints each event as it comes; a spinner, on a terminal, stands for what is awaited. */
const createTeller = (output: Output): ((event: DemoEvent) => void) => {
  const toText = createDemoText(output.style);
  let spinner = output.progress("Starting");
  return (event) => {
    if (event.type === "waiting") {
      spinner.update(event.what);
      return;
    }
    spinner.stop();
    const text = toText(event);
    output.print(output.columns === null ? text : wrapText(text, output.columns));
    spinner = ["finished", "kept", "cleaned"].includes(event.type)
      ? { update: () => {}, stop: () => {} }
      : output.progress("Working");
  };
};

/** Where every source of the first round is: asked once, for all of them. */
const chooseMode = async (options: DemoOptions) => {
  const { manifest } = await readPackage(goldPackage());
  const hosts = manifest.capabilities.http?.hosts.map(({ host }) => host) ?? [];
  const { minSources } = goldFeedOf(manifest);
  const { providers, signal, decide = decideProviderMode } = options;
  return { hosts, mode: await decide(providers, hosts, minSources, { signal }) };
};

const keepRunning = async (
  { feed, bundleFile }: ScenarioResult,
  stage: DemoStage,
  options: DemoOptions,
): Promise<string> => {
  const api = createApi({ fabric: feed.fabric, log: stage.log });
  stage.defer(() => api.close());
  const url = await api.listen({ host: "127.0.0.1", port: options.port });
  stage.emit({
    type: "kept",
    api: url,
    chain: stage.rpcUrl,
    bundle: bundleFile,
    trust: feed.trustFile,
    feed: feed.id,
    consumer: feed.contracts.consumer,
  });
  return url;
};

/**
 * The demo from nothing to nothing: everything it starts is gone when it returns, also after a fault or an interrupt.
 * With `keep` it answers over HTTP until the signal aborts.
 */
export const runDemo = async (options: DemoOptions): Promise<CommandResult | undefined> => {
  const { output, signal } = options;
  const stopwatch = createStopwatch();
  const emit = createTeller(output);
  const undo = createUndo();
  const log = options.verbose ? createLog({ level: "debug" }) : silentLog;
  const contracts: Record<string, string> = {};
  const folder = createTemporaryFolder("cryptlet-demo-");
  undo.defer(() => folder.remove());
  try {
    emit({ type: "demo-started", folder: folder.path });
    emit({ type: "waiting", what: "Looking for the sources" });
    const providers = await stopwatch.time("sources", async () => {
      const chosen = await chooseMode(options);
      // Small steps, so that only the demo's own move crosses the threshold.
      const emulator = await startProviderEmulator({ maxStepPpm: 2 });
      undo.defer(() => emulator.close());
      return { ...chosen, emulator };
    });
    const { mode, hosts, emulator } = providers.value;
    const address = mode === "LIVE" ? null : `${emulator.address}:${emulator.port}`;
    const asked = options.providers !== "auto";
    emit({ type: "providers-chosen", mode, asked, hosts, emulator: address });

    emit({ type: "waiting", what: "Starting the chain" });
    const started = await stopwatch.time("chain", () => startAnvil({ signal, chainId: CHAIN_ID }));
    const anvil = started.value;
    undo.defer(() => anvil.stop());
    const chain = connectDemoChain(anvil.url, signal);
    const { durationMs } = started;
    const engine = await chain.engine();
    emit({ type: "chain-started", url: anvil.url, chainId: CHAIN_ID, engine, durationMs });

    const stage: DemoStage = {
      folder: folder.path,
      rpcUrl: anvil.url,
      chainId: CHAIN_ID,
      chain,
      stopwatch,
      log,
      signal,
      emit,
      defer: undo.defer,
      addContracts: (of, addresses) => {
        for (const [name, found] of Object.entries(addresses))
          contracts[of === "LIVE" ? `${name} (live)` : name] = found;
      },
    };
    const result = await playScenario(stage, {
      mode,
      emulator,
      liveLimitMs: options.providers === "auto" ? (options.liveLimitMs ?? LIVE_LIMIT_MS) : null,
    });
    const { rounds, refused } = result.data;
    const timings = stopwatch.timings();
    emit({ type: "finished", timings, rounds: rounds.length, refusals: refused.length });
    const data: DemoData = { ...result.data, chainId: CHAIN_ID, contracts, timings };
    if (!options.keep) return { data, text: "" };
    const url = await keepRunning(result, stage, options);
    if (output.json) output.event({ ok: true, data: { ...data, api: url, rpc: anvil.url } }, "");
    await untilStopped(signal);
    return undefined;
  } finally {
    emit({ type: "waiting", what: "Cleaning up" });
    await undo.run((error) => log.error("the demo could not clean up", { error }));
    emit({ type: "cleaned" });
  }
};
