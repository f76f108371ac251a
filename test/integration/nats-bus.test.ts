import { createServer } from "node:net";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Bus, BusStatus, Message } from "../../src/bus/bus.ts";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import type { NatsOptions } from "../../src/bus/nats/nats-options.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createLog } from "../../src/core/log.ts";
import { createOutboxPublisher } from "../../src/host/outbox-publisher.ts";
import { commitRound } from "../../src/store/commit-round.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createCertificates } from "../support/certificates.ts";
import { createInbox } from "../support/inbox.ts";
import { haveNatsServer, startNatsServer, type NatsServer } from "../support/nats-server.ts";
import { roundCommit } from "../support/rounds.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const stream = {
  name: "FEEDS",
  subjects: ["cryptlet.feed.>"],
  maxAgeMs: 3_600_000,
  duplicateWindowMs: 60_000,
};
const one = Uint8Array.of(1);
const available = haveNatsServer("NATS bus");

const startServer = async (configuration = ""): Promise<NatsServer> => {
  const server = await startNatsServer(configuration);
  onTestFinished(() => server.stop());
  return server;
};
const open = async (server: NatsServer, change: Partial<NatsOptions> = {}): Promise<Bus> => {
  const bus = await createNatsBus({
    servers: [server.url],
    name: "test",
    timeoutMs: 2_000,
    ...change,
  });
  onTestFinished(() => bus.close());
  return bus;
};
const reached = async (bus: Bus, wanted: BusStatus["state"]): Promise<void> => {
  if (bus.status().state === wanted) return;
  await new Promise<void>((resolve) => {
    const remove = bus.onStatus(({ state }) => {
      if (state !== wanted) return;
      remove();
      resolve();
    });
  });
};

describe.runIf(available)("connecting", () => {
  it("says that nobody listens", async () => {
    const server = await startServer();
    await server.kill();
    await expect(open(server)).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });

  it("gives up on a server that says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      silent.close();
    });
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const opening = createNatsBus({
      servers: [`nats://127.0.0.1:${port}`],
      name: "test",
      timeoutMs: 100,
    });
    await expect(opening).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });

  it("says that credentials are wrong, without printing them", async () => {
    const server = await startServer('authorization { token: "right-token" }');
    const credentials = { kind: "token", token: "wrong-secret" } as const;
    const refused = await open(server, { credentials }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "BUS_CREDENTIALS_REFUSED" });
    expect(JSON.stringify(refused)).not.toContain("wrong-secret");
    const right = { kind: "token", token: "right-token" } as const;
    expect((await open(server, { credentials: right })).status().state).toBe("connected");
  });

  it("speaks TLS with the configured root only, with a client certificate", async () => {
    const folder = temporaryFolder();
    const files = createCertificates();
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    const at = (name: string): string => JSON.stringify(path.join(folder, name));
    const server = await startServer(
      `tls { cert_file: ${at("cert")}, key_file: ${at("key")}, ca_file: ${at("ca")}, verify: true }`,
    );
    const bus = await open(server, { tls: files });
    await bus.ensureStream(stream);
    expect((await bus.publish("cryptlet.feed.a", one)).sequence).toBe(1);
    await expect(open(server, { tls: { cert: files.cert, key: files.key } })).rejects.toMatchObject(
      {
        code: "BUS_UNAVAILABLE",
      },
    );
  });
});

describe.runIf(available)("permissions and limits", () => {
  const user = { kind: "user", user: "u", password: "p" } as const;

  it("names what the user may not do, at once", async () => {
    const server =
      await startServer(`authorization { users: [ { user: "u", password: "p", permissions: {
      publish: { deny: ["cryptlet.feed.secret", "plain.secret"] }, subscribe: { deny: ["other.>"] } } } ] }`);
    const bus = await open(server, { credentials: user, timeoutMs: 20_000 });
    await bus.ensureStream(stream);
    await expect(bus.publish("cryptlet.feed.secret", one)).rejects.toMatchObject({
      code: "BUS_DENIED",
      arguments: { operation: "publish to", subject: "cryptlet.feed.secret" },
    });
    await expect(bus.subscribe("other.a", {}, () => undefined)).rejects.toMatchObject({
      code: "BUS_DENIED",
    });
    expect((await bus.publish("cryptlet.feed.open", one)).sequence).toBe(1);
    // A notification has no answer: the refusal shows in the status only.
    const changes = createInbox<BusStatus>();
    onTestFinished(bus.onStatus(changes.add));
    bus.notify("plain.secret", one);
    const [status] = await changes.until(1);
    expect(status?.detail).toContain("plain.secret");
  });

  it("takes the server's own limit where it is lower", async () => {
    const server = await startServer("max_payload: 64KB");
    const bus = await open(server);
    await bus.ensureStream(stream);
    const large = bus.publish("cryptlet.feed.a", new Uint8Array(40_000));
    await expect(large).rejects.toMatchObject({ code: "BUS_PAYLOAD_TOO_LARGE" });
    expect((await bus.publish("cryptlet.feed.a", new Uint8Array(30_000))).sequence).toBe(1);
  });

  it("compares a stream that somebody changed behind our back", async () => {
    const server = await startServer();
    const bus = await open(server);
    await bus.ensureStream(stream);
    const foreign = await connect({ servers: server.url });
    onTestFinished(() => foreign.close());
    const manager = await jetstreamManager(foreign);
    await manager.streams.update("FEEDS", { max_msgs: 10 });
    await expect(bus.ensureStream(stream)).rejects.toMatchObject({
      code: "BUS_STREAM_CONFIG_DIFFERS",
      arguments: { differences: "max_msgs is 10, asked for -1" },
    });
  });

  it("brings a consumer's limits up to date", async () => {
    const server = await startServer();
    const bus = await open(server);
    await bus.ensureStream(stream);
    const base = { stream: "FEEDS", durable: "a", ackWaitMs: 1_000, maxDeliver: 5 };
    await (await bus.consume(base, async () => undefined)).stop();
    const inbox = createInbox<Message>();
    await bus.consume({ ...base, ackWaitMs: 2_000, maxInFlight: 8 }, async (m) => inbox.add(m));
    await bus.publish("cryptlet.feed.a", one);
    await inbox.until(1);
    const foreign = await connect({ servers: server.url });
    onTestFinished(() => foreign.close());
    const { config } = await (await jetstreamManager(foreign)).consumers.info("FEEDS", "a");
    expect(config).toMatchObject({ max_ack_pending: 8, max_deliver: -1, ack_wait: 3_000_000_000 });
  });
});

describe.runIf(available)("a server that goes and comes", () => {
  it("is missed at once, and found again", async () => {
    const server = await startServer();
    const bus = await open(server);
    await bus.ensureStream(stream);
    const inbox = createInbox<Message>();
    await bus.consume({ stream: "FEEDS", durable: "a", ackWaitMs: 500, maxDeliver: 9 }, async (m) =>
      inbox.add(m),
    );
    await bus.publish("cryptlet.feed.a", one);
    await inbox.until(1);
    await server.kill();
    await reached(bus, "reconnecting");
    await expect(bus.publish("cryptlet.feed.a", one)).rejects.toMatchObject({
      code: "BUS_UNAVAILABLE",
    });
    await server.start();
    await reached(bus, "connected");
    await bus.publish("cryptlet.feed.a", one, { messageId: "after" });
    while (inbox.items.at(-1)?.messageId !== "after") await inbox.until(inbox.items.length + 1);
  });

  it("that lost its data gets streams, consumers and everything committed again", async () => {
    const server = await startServer();
    const bus = await open(server);
    await bus.ensureStream(stream);
    const store = await openStore({ driver: "libsql", file: path.join(temporaryFolder(), "a.db") });
    onTestFinished(() => store.close());
    const sent = createInbox<string>();
    const publisher = createOutboxPublisher({
      store,
      bus,
      clock: systemClock,
      log: createLog({ level: "silent" }),
      progress: () => undefined,
      published: (row) => sent.add(row.messageId),
    });
    onTestFinished(() => publisher.stop());
    const seen = createInbox<string>();
    await bus.consume(
      { stream: "FEEDS", durable: "a", ackWaitMs: 500, maxDeliver: 9 },
      async (m) => {
        if (m.messageId !== null) seen.add(m.messageId);
      },
    );
    for (let round = 1; round <= 10; round += 1)
      await store.transaction((trx) => commitRound(trx, roundCommit("gold", round)));
    publisher.notify();
    await sent.until(10);
    await seen.until(10);
    // Until the acknowledgements are marked, there is nothing to compare with.
    while (
      (await store.db.selectFrom("outbox").select("id").where("published_at", "is", null).execute())
        .length > 0
    )
      await new Promise((resolve) => setImmediate(resolve));
    await server.kill();
    await reached(bus, "reconnecting");
    await store.transaction((trx) => commitRound(trx, roundCommit("gold", 11)));
    await server.start({ wipe: true });
    const all = Array.from({ length: 11 }, (_, i) => `cryptlet:gold:${i + 1}`);
    expect((await seen.until(21)).slice(10)).toEqual(all);
    expect(await bus.streamState("FEEDS")).toMatchObject({ messages: 11 });
  });

  it("does not keep a closing bus waiting when it is away", async () => {
    const server = await startServer();
    const bus = await open(server);
    await bus.ensureStream(stream);
    await bus.consume(
      { stream: "FEEDS", durable: "a", ackWaitMs: 500, maxDeliver: 9 },
      async () => {},
    );
    await bus.subscribe("a.b", {}, () => undefined);
    await server.kill();
    await reached(bus, "reconnecting");
    await bus.close();
    expect(bus.status().state).toBe("closed");
  });

  it("without JetStream is a fault that passes", async () => {
    const server = await startNatsServer("", { jetStream: false });
    onTestFinished(() => server.stop());
    const bus = await open(server);
    await expect(bus.publish("no.stream.here", one)).rejects.toMatchObject({
      code: "BUS_STREAM_MISSING",
      kind: "unavailable",
    });
  });
});
