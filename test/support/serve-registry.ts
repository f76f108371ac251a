import { createApi } from "../../src/api/create-api.ts";
import { systemClock } from "../../src/core/clock.ts";
import { registrySchema } from "../../src/core/config/registry-settings.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { silentLog } from "../../src/core/log.ts";
import { startRegistryService } from "../../src/host/registry-service.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createFakeFabric } from "./fake-fabric.ts";
import { z } from "zod";

type Settings = z.input<ReturnType<typeof registrySchema>>;

/** A registry's folder behind the real API, with its index in memory; the fabric around it is the tests' own. */
export const serveRegistry = async (
  folder: string,
  settings: Partial<Omit<Settings, "folder">> = {},
  { token = null }: { readonly token?: string | null } = {},
) => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const service = await startRegistryService(
    registrySchema(z.string()).parse({
      folder,
      publish: true,
      submissionsPerMinute: 10_000,
      ...settings,
    }),
    { store, clock: systemClock, log: silentLog },
  );
  const fabric = { ...createFakeFabric(1), registry: service };
  const api = createApi({
    fabric,
    log: silentLog,
    token: token === null ? null : new Secret(token),
  });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    service,
    store,
    close: async () => {
      await api.close();
      await service.stop();
      await store.close();
    },
  };
};
