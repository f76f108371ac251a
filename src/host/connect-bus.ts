import type { Bus } from "../bus/bus.ts";
import { createMemoryBus } from "../bus/memory/memory-bus.ts";
import { createNatsBus } from "../bus/nats/nats-bus.ts";
import type { NatsCredentials, NatsOptions } from "../bus/nats/nats-options.ts";
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

/** PEM texts for TLS; null when nothing but the system's roots is asked for. */
const readTls = async ({ caFile, clientCertificate }: NatsConfig): Promise<NatsOptions["tls"]> => {
  if (caFile === null && clientCertificate === null) return undefined;
  const at = "bus.clientCertificate";
  return {
    ...(caFile === null ? {} : { ca: await readConfiguredFile("bus.caFile", caFile) }),
    ...(clientCertificate === null
      ? {}
      : {
          cert: await readConfiguredFile(
            `${at}.certificateFile`,
            clientCertificate.certificateFile,
          ),
          key: await readConfiguredFile(`${at}.keyFile`, clientCertificate.keyFile),
        }),
  };
};

const credentialsOf = (
  { credentials, nkeySeed }: NatsConfig,
  ofUrl: NatsCredentials | null,
): NatsCredentials | null => {
  if (credentials) return { kind: "creds", creds: credentials.reveal() };
  return nkeySeed ? { kind: "nkey", seed: nkeySeed.reveal() } : ofUrl;
};

const connectNats = async (config: NatsConfig, name: string): Promise<Bus> => {
  const { servers, credentials: ofUrl } = splitServers(config.url.reveal());
  const credentials = credentialsOf(config, ofUrl);
  const tls = await readTls(config);
  return await createNatsBus({
    servers,
    name,
    replicas: config.replicas,
    ...(credentials ? { credentials } : {}),
    ...(tls ? { tls } : {}),
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
