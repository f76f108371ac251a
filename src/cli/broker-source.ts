import { createLog } from "../core/log.ts";
import { systemClock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { loadBrokerConfig } from "../key-broker/broker-config.ts";
import {
  openConfiguredVault,
  startKeyBroker,
  type BrokerSource,
} from "../key-broker/start-key-broker.ts";
import type { Vault } from "../key-broker/vault.ts";
import type { GlobalOptions } from "./command.ts";
import type { Output } from "./output.ts";
import { untilStopped } from "./until-stopped.ts";

/** Taken when neither --config nor CRYPTLET_BROKER_CONFIG names a file. */
const DEFAULT_FILE = "broker.json";

type Environment = Readonly<Record<string, string | undefined>>;

/** Which configuration a broker's command goes by. A host's (CRYPTLET_CONFIG) is never one. */
export const brokerSource = (global: GlobalOptions, env: Environment): BrokerSource => {
  const given = global.config === env["CRYPTLET_CONFIG"] ? undefined : global.config;
  return { file: given ?? env["CRYPTLET_BROKER_CONFIG"] ?? DEFAULT_FILE, env };
};

/** Work with the vault of a configuration, then close it. Throws what loading and opening throw. */
export const withVault = async <Result>(
  global: GlobalOptions,
  env: Environment,
  work: (vault: Vault) => Promise<Result>,
): Promise<Result> => {
  const source = brokerSource(global, env);
  const vault = await openConfiguredVault(loadBrokerConfig(source.file, env), source, systemClock);
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
};

/** Run a broker until the signal aborts. Throws what `startKeyBroker` throws. */
export const serveBroker = async (input: {
  readonly global: GlobalOptions;
  readonly output: Output;
  readonly env: Environment;
  readonly signal: AbortSignal;
}): Promise<void> => {
  const { global, output, env, signal } = input;
  const source = brokerSource(global, env);
  const { level } = loadBrokerConfig(source.file, env).log;
  const log = createLog({ level: global.verbose ? "debug" : level });
  const broker = await startKeyBroker(source, { clock: systemClock, log });
  try {
    const { url, hosts, secrets, simulated } = broker;
    const { style } = output;
    output.event(
      { type: "ready", url, hosts, secrets, simulated },
      `Key broker at ${style.bold(url)} for ${hosts.join(", ")}, with ${secrets.length} secret(s).` +
        (simulated
          ? `\n${style.warn("It takes SIMULATED enclaves: whoever operates such a host can read what it gets.")}`
          : ""),
    );
    await untilStopped(signal);
  } finally {
    await broker.close();
  }
  output.event({ type: "stopped" }, "Stopped.");
};

/** Name of a secret from the command line. Throws `USAGE_INVALID`. */
export const readSecretName = (text: string): string => {
  if (/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text)) return text;
  throw fabricError("USAGE_INVALID", {
    fault: "a secret's name has lower-case letters, digits and inner hyphens, 1 to 64 characters",
  });
};
