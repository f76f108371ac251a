import type { Bus } from "../bus/bus.ts";
import { createMemoryBus } from "../bus/memory/memory-bus.ts";
import { createNatsBus } from "../bus/nats/nats-bus.ts";
import type { NatsCredentials } from "../bus/nats/nats-options.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { createStoreBusLog } from "../store/bus-log.ts";
import type { Store } from "../store/store.ts";
import { readConfiguredFile } from "./read-configured-file.ts";

type NatsConfig = Extract<FabricConfig["bus"], { driver: "nats" }>;

/** Credentials of a server URL go to the authenticator and never into the name of the server. */
const splitServers = (text: string) => {
  const urls = text.split(",").map((part) => new URL(part.trim()));
  const named = urls.find(({ username }) => username !== "");
  const user = decodeURIComponent(named?.username ?? "");
  const password = decodeURIComponent(named?.password ?? "");
  const credentials: NatsCredentials | null = !named
    ? null
    : password === ""
      ? { kind: "token", token: user }
      : { kind: "user", user, password };
  return { servers: urls.map((url) => `${url.protocol}//${url.host}`), credentials };
};

const connectNats = async (config: NatsConfig, name: string): Promise<Bus> => {
  const { servers, credentials } = splitServers(config.url.reveal());
  const creds: NatsCredentials | null = config.credentials
    ? { kind: "creds", creds: config.credentials.reveal() }
    : credentials;
  return await createNatsBus({
    servers,
    name,
    ...(creds ? { credentials: creds } : {}),
    ...(config.caFile === null
      ? {}
      : { tls: { ca: await readConfiguredFile("bus.caFile", config.caFile) } }),
  });
};

/** The bus that the configuration names. Throws `BUS_UNAVAILABLE`, `BUS_CREDENTIALS_REFUSED`, `CONFIG_FILE_UNREADABLE`. */
export const connectBus = async (
  config: FabricConfig,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Promise<Bus> =>
  config.bus.driver === "nats"
    ? await connectNats(config.bus, `cryptlet-${config.fabric}`)
    : await createMemoryBus({ log: createStoreBusLog(store), clock });
