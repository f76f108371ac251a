import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { parseConfig } from "../../src/core/config/load-config.ts";
import { connectBus } from "../../src/host/connect-bus.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createCertificates } from "../support/certificates.ts";
import { haveNatsServer, startNatsServer, type NatsServer } from "../support/nats-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const STREAM = {
  name: "SETTINGS",
  subjects: ["settings.>"],
  maxAgeMs: 60_000,
  duplicateWindowMs: 60_000,
};

const serve = async (configuration: string): Promise<NatsServer> => {
  const server = await startNatsServer(configuration);
  onTestFinished(() => server.stop());
  return server;
};

/** The bus as a configuration file opens it. */
const connect = async (bus: object, env: Record<string, string> = {}) => {
  const config = parseConfig({ bus: { driver: "nats", ...bus } }, { env, base: "/" });
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  const opened = await connectBus(config, { store, clock: systemClock });
  onTestFinished(() => opened.close());
  return opened;
};

describe.runIf(haveNatsServer("bus settings"))("a configured bus", () => {
  it("proves itself with an NKey", async () => {
    const user = nkeys.createUser();
    const seed = Buffer.from(user.getSeed()).toString();
    const server = await serve(`authorization { users = [ { nkey: ${user.getPublicKey()} } ] }`);
    const bus = await connect({ url: server.url, nkeySeed: { $env: "SEED" } }, { SEED: seed });
    await bus.ensureStream(STREAM);
    expect(await bus.publish("settings.a", new Uint8Array([1]))).toMatchObject({ sequence: 1 });
    const stranger = Buffer.from(nkeys.createUser().getSeed()).toString();
    await expect(
      connect({ url: server.url, nkeySeed: { $env: "SEED" } }, { SEED: stranger }),
    ).rejects.toMatchObject({ code: "BUS_CREDENTIALS_REFUSED" });
  });

  it("proves itself with a certificate, and is refused without", async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => path.join(folder, name);
    for (const [name, text] of Object.entries(createCertificates())) {
      writeFileSync(at(name), text);
      chmodSync(at(name), 0o600);
    }
    const server = await serve(
      `tls { cert_file: "${at("cert")}", key_file: "${at("key")}", ca_file: "${at("ca")}", verify: true }`,
    );
    const url = server.url.replace("nats:", "tls:");
    const clientCertificate = { certificateFile: at("cert"), keyFile: at("key") };
    const bus = await connect({ url, caFile: at("ca"), clientCertificate });
    expect(bus.status().state).toBe("connected");
    await expect(connect({ url, caFile: at("ca") })).rejects.toMatchObject({
      kind: "unavailable",
    });
  });

  it("refuses copies that a single server cannot keep", async () => {
    const server = await serve("");
    const bus = await connect({ url: server.url, replicas: 3 });
    await expect(bus.ensureStream(STREAM)).rejects.toMatchObject({
      code: expect.stringMatching(/^BUS_/) as string,
    });
  });

  it("takes one way to prove itself, not two", () => {
    expect(() =>
      parseConfig(
        {
          bus: {
            driver: "nats",
            url: "nats://127.0.0.1:4222",
            credentials: { $env: "A" },
            nkeySeed: { $env: "B" },
          },
        },
        { env: { A: "a", B: "b" }, base: "/" },
      ),
    ).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }) as Error);
  });
});
