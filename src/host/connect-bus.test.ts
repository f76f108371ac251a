import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../core/config/load-config.ts";
import { systemClock } from "../core/clock.ts";
import { openStore } from "../store/open-store.ts";
import { connectBus } from "./connect-bus.ts";

/** What a client says of itself in the NATS protocol's CONNECT. */
interface Greeting {
  readonly user?: string;
  readonly pass?: string;
  readonly auth_token?: string;
  readonly name?: string;
}

/** A server that speaks NATS as far as the greeting, then refuses whoever it is. */
const openRefusingServer = async () => {
  const greetings: Greeting[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(
      'INFO {"server_id":"TEST","version":"2.9.10","proto":1,"headers":true,"jetstream":true,"auth_required":true,"max_payload":1048576}\r\n',
    );
    socket.on("data", (chunk) => {
      const text = /^CONNECT (\{.*\})/m.exec(chunk.toString("utf8"))?.[1];
      if (text === undefined) return;
      greetings.push(JSON.parse(text) as Greeting);
      socket.end("-ERR 'Authorization Violation'\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
  return { greetings, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const connect = async (url: string) => {
  const config = parseConfig(
    { fabric: "demo", bus: { driver: "nats", url: { $env: "URL_OF_BUS" } } },
    { env: { URL_OF_BUS: url }, base: "." },
  );
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return connectBus(config, { store, clock: systemClock });
};
const faultOf = async (url: string): Promise<Error & { readonly code?: string }> => {
  try {
    await connect(url);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it connected");
};

it("takes user and password out of the URL, decoded, and shows neither when they are refused", async () => {
  const { greetings, address } = await openRefusingServer();
  const fault = await faultOf(`nats://ho%40st:p%3Aass%2Fword@${address}`);
  expect(greetings[0]).toMatchObject({ user: "ho@st", pass: "p:ass/word", name: "cryptlet-demo" });
  expect(fault.code).toBe("BUS_CREDENTIALS_REFUSED");
  expect(`${fault.message} ${JSON.stringify(fault)}`).not.toMatch(/p:ass|p%3Aass/);
});

it("takes a user without a password for a token", async () => {
  const { greetings, address } = await openRefusingServer();
  await faultOf(`nats://t0ken@${address}`);
  expect(greetings[0]).toMatchObject({ auth_token: "t0ken" });
  expect(greetings[0]?.user).toBeUndefined();
});

it("sends the credentials to whichever of several servers answers", async () => {
  const { greetings, address } = await openRefusingServer();
  await faultOf(`nats://u:p@${address},nats://${address}`);
  expect(greetings[0]).toMatchObject({ user: "u", pass: "p" });
});

it("says that nobody answers where nobody does, without the URL's secrets", async () => {
  const fault = await faultOf("nats://u:hidden-value@127.0.0.1:9");
  expect(fault.code).toBe("BUS_UNAVAILABLE");
  expect(fault.message).not.toContain("hidden-value");
});

it("names the setting whose file is not there", async () => {
  const config = parseConfig(
    { bus: { driver: "nats", url: "nats://127.0.0.1:9", caFile: "nowhere.pem" } },
    { env: {}, base: "." },
  );
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  await expect(connectBus(config, { store, clock: systemClock })).rejects.toMatchObject({
    code: "CONFIG_FILE_UNREADABLE",
    arguments: { setting: "bus.caFile" },
  });
});

it("opens the bus of the database when no server is named", async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const bus = await connectBus(parseConfig({}, { env: {}, base: "." }), {
    store,
    clock: systemClock,
  });
  expect(bus.status().state).toBe("connected");
  await bus.close();
  await store.close();
});
