import { onTestFinished } from "vitest";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { evmEngines, type EngineName } from "./evm-engines.ts";
import { openFaultStage, type FaultStage } from "./fault-stage.ts";
import { startNatsCluster, type NatsCluster } from "./nats-cluster.ts";
import { startNatsServer, type NatsServer } from "./nats-server.ts";

type StageOptions = Omit<Parameters<typeof openFaultStage>[0], "engine" | "bus">;

/** A running bus and what the configuration says about it. */
export interface FaultBus {
  readonly config: FabricConfigInput["bus"];
  readonly server?: NatsServer;
  readonly cluster?: NatsCluster;
}

export type BusName = "in process" | "nats" | "nats, 3 nodes";

/** Starts a bus that ends with the test. */
export const startFaultBus = async (name: BusName): Promise<FaultBus> => {
  if (name === "in process") return { config: { driver: "memory" } };
  if (name === "nats") {
    const server = await startNatsServer();
    onTestFinished(() => server.stop());
    return { config: { driver: "nats", url: server.url }, server };
  }
  const cluster = await startNatsCluster();
  onTestFinished(() => cluster.stop());
  return { config: { driver: "nats", url: cluster.url, replicas: 3 }, cluster };
};

/** A stage on an engine of its own; all of it ends with the test. */
export const openFaultWorld = async (
  name: EngineName,
  bus: FaultBus,
  options: StageOptions & { readonly baseFeePerGas?: bigint } = {},
): Promise<FaultStage> => {
  const { baseFeePerGas, ...rest } = options;
  const engine = await evmEngines
    .find((one) => one.name === name)
    ?.start(baseFeePerGas === undefined ? {} : { baseFeePerGas });
  if (!engine) throw new Error(`no engine ${name}`);
  onTestFinished(() => engine.stop());
  const stage = await openFaultStage({ ...rest, engine, bus: bus.config });
  onTestFinished(() => stage.close());
  return stage;
};
