import type { FabricConfig } from "../core/config/schema.ts";
import { createBrokerClient, type BrokerClient } from "../key-broker/broker-client.ts";
import { readConfiguredFile } from "./read-configured-file.ts";

/** The configured key broker; null where there is none. Nothing is sent yet. Throws `CONFIG_FILE_UNREADABLE`. */
export const connectBroker = async (
  broker: FabricConfig["broker"],
): Promise<BrokerClient | null> => {
  if (broker === null) return null;
  const { url, token, caFile } = broker;
  const caPem = caFile === null ? null : await readConfiguredFile("broker.caFile", caFile);
  return createBrokerClient({ url, token, caPem });
};
