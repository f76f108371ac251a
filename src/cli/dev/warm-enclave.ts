import { createEnclave } from "../../../enclave-sim/host/create-enclave.ts";
import type { Enclave, EnclaveOptions, LoadedCryptlet } from "../../../enclave-sim/host/enclave.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";

type Parts = Omit<EnclaveOptions, "dev">;

/** One enclave that serves one fabric after the other: its thread is the slowest part of a start. */
export interface WarmEnclave {
  /** For the fabric of the moment. Its `close` takes out what that fabric loaded; the thread stays. */
  open(parts: Parts): Enclave;
  close(): Promise<void>;
}

/** Starts the thread. `dev` marks its evidence as debug and gives it its clock. */
export const createWarmEnclave = (options: Pick<EnclaveOptions, "dev" | "wall">): WarmEnclave => {
  let current: Parts | null = null;
  const backend = <Name extends "state" | "counter">(name: Name): NonNullable<Parts[Name]> => {
    const found = current?.[name];
    if (!found) throw fabricError("ENCLAVE_CLOSED", {});
    return found;
  };
  const enclave = createEnclave({
    ...options,
    state: {
      read: async (scope) => backend("state").read(scope),
      write: async (...given) => backend("state").write(...given),
    },
    counter: {
      read: async (name) => backend("counter").read(name),
      advance: async (...given) => backend("counter").advance(...given),
    },
    onLog: (line) => current?.onLog?.(line),
    onRestart: (restart) => current?.onRestart?.(restart),
  });
  return {
    open: (parts) => {
      current = parts;
      const loaded = new Set<LoadedCryptlet>();
      return {
        ...enclave,
        load: async (...given) => {
          const cryptlet = await enclave.load(...given);
          loaded.add(cryptlet);
          return cryptlet;
        },
        close: async () => {
          await Promise.all([...loaded].map((cryptlet) => cryptlet.close()));
          if (current === parts) current = null;
        },
      };
    },
    close: () => enclave.close(),
  };
};
