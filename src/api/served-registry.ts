import { fabricError } from "../core/errors/fabric-error.ts";
import type { Fabric } from "../host/fabric.ts";

/** The registry of a host that serves one. Throws `REGISTRY_NOT_SERVED`. */
export const servedRegistry = ({
  registry,
}: Pick<Fabric, "registry">): NonNullable<Fabric["registry"]> => {
  if (registry) return registry;
  throw fabricError("REGISTRY_NOT_SERVED", {});
};
