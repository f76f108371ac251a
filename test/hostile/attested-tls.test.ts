import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
} from "node:net";
import { connect, createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CHALLENGE_PATH } from "../../src/attested-tls/ask-challenge.ts";
import {
  createAttestedIdentity,
  type AttestedIdentity,
} from "../../src/attested-tls/attested-identity.ts";
import { channelNonce } from "../../src/attested-tls/channel-nonce.ts";
import type { PeerRules } from "../../src/attested-tls/check-peer.ts";
import { connectAttested, type ConnectOptions } from "../../src/attested-tls/connect-attested.ts";
import { attestedTlsOptions } from "../../src/attested-tls/create-attested-server.ts";
import { wrapEvidence } from "../../src/attested-tls/evidence-wrapper.ts";
import {
  startAttestedHttp,
  type AttestedHttp,
} from "../../src/attested-tls/start-attested-http.ts";
import {
  certificateToPem,
  writeAttestedCertificate,
} from "../../src/attested-tls/write-attested-certificate.ts";
import { createLog, silentLog } from "../../src/core/log.ts";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import { createKeyRecord, type KeyRecord } from "../../src/crypto/key-record.ts";
import { suiteOf } from "../../src/crypto/suites.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { createAttestedFixture, type AttestedFixture } from "../support/attested-fixture.ts";
import { createCertificates } from "../support/certificates.ts";

const HOUR = 3_600_000;
const START = 1_800_000_000_000;
const SUITE = "p256-sha256";

let clock: ManualClock;
let fixture: AttestedFixture;
let rules: PeerRules;
const opened: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  clock = createManualClock(START);
  fixture = createAttestedFixture(clock);
  rules = { appraiser: fixture.appraiser(), clock, maxAgeMs: HOUR / 2 };
});
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

const listen = async (server: Server): Promise<number> => {
  const sockets = new Set<{ destroy(): unknown }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  opened.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
};

/** A TLS server that does what this test wants and answers every request alike. */
const serve = (
  options: TlsOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.end("stolen"),
): Promise<number> => {
  const http = createHttpServer(handler);
  const server = createServer(options, (socket) => {
    socket.on("error", () => {});
    http.emit("connection", socket);
  });
  server.on("tlsClientError", () => {});
  return listen(server);
};

interface TlsKey {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
  readonly record: KeyRecord;
}
const makeKey = (): TlsKey => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }));
  return { privateKey, spki, record: createKeyRecord(SUITE, suiteOf(SUITE).importSpki(spki)) };
};
const tlsWith = (
  key: TlsKey,
  evidence: Evidence | Uint8Array | null,
  times: { readonly notBefore?: number; readonly notAfter?: number } = {},
) => ({
  key: key.privateKey.export({ format: "pem", type: "pkcs8" }),
  cert: certificateToPem(
    writeAttestedCertificate({
      ...key,
      wrapper:
        evidence === null || evidence instanceof Uint8Array ? evidence : wrapEvidence(evidence),
      notBefore: START - HOUR,
      notAfter: START + 24 * HOUR,
      ...times,
    }),
  ),
});

const codeOf = async (port: number, change: Partial<ConnectOptions> = {}): Promise<string> => {
  try {
    const { socket } = await connectAttested({
      host: "127.0.0.1",
      port,
      rules,
      freshness: "age",
      ...change,
    });
    socket.destroy();
    return "taken";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a client of attested TLS refuses", () => {
  it("nothing of a good server (the tests below differ from this one in one thing)", async () => {
    const key = makeKey();
    const evidence = fixture.evidence({ purpose: "ra-tls", keys: [key.record] });
    expect(await codeOf(await serve(tlsWith(key, evidence)))).toBe("taken");
  });

  it("a plain certificate of an authority", async () => {
    const { cert, key } = createCertificates();
    expect(await codeOf(await serve({ cert, key }))).toBe("PEER_CERTIFICATE_REFUSED");
  });

  it("a certificate of our form without evidence", async () => {
    expect(await codeOf(await serve(tlsWith(makeKey(), null)))).toBe("PEER_CERTIFICATE_REFUSED");
  });

  it("a proxy whose own certificate carries the evidence of the real server", async () => {
    const real = makeKey();
    const stolen = fixture.evidence({ purpose: "ra-tls", keys: [real.record] });
    expect(await codeOf(await serve(tlsWith(makeKey(), stolen)))).toBe("PEER_EVIDENCE_REFUSED");
  });

  it("evidence that binds the key beside another one", async () => {
    const key = makeKey();
    const keys = [key.record, makeKey().record];
    const evidence = fixture.evidence({ purpose: "ra-tls", keys });
    expect(await codeOf(await serve(tlsWith(key, evidence)))).toBe("PEER_EVIDENCE_REFUSED");
  });

  it.each(["register", "kbs", "host-ak"] as const)("evidence made for %s", async (purpose) => {
    const key = makeKey();
    const evidence = fixture.evidence({ purpose, keys: [key.record] });
    expect(await codeOf(await serve(tlsWith(key, evidence)))).toBe("EVIDENCE_PURPOSE_WRONG");
  });

  it.each([
    ["stale evidence that still holds", -HOUR / 2 - 1, "PEER_EVIDENCE_REFUSED"],
    ["evidence that has ended", -HOUR - 1, "EVIDENCE_EXPIRED"],
    ["evidence of tomorrow", 24 * HOUR, "EVIDENCE_EXPIRED"],
  ])("%s", async (_what, offset, code) => {
    const key = makeKey();
    const request = { purpose: "ra-tls", keys: [key.record] } as const;
    const evidence = fixture.evidence(request, { notBefore: START + offset });
    expect(await codeOf(await serve(tlsWith(key, evidence)))).toBe(code);
  });

  it.each([
    ["has ended", { notAfter: START - 1_000 }],
    ["begins tomorrow", { notBefore: START + 24 * HOUR, notAfter: START + 48 * HOUR }],
  ])("a certificate that %s", async (_what, times) => {
    const key = makeKey();
    const evidence = fixture.evidence({ purpose: "ra-tls", keys: [key.record] });
    expect(await codeOf(await serve(tlsWith(key, evidence, times)))).toBe(
      "PEER_CERTIFICATE_REFUSED",
    );
  });

  it("simulated, debugged and unknown workloads when its policy does not name them", async () => {
    const key = makeKey();
    const request = { purpose: "ra-tls", keys: [key.record] } as const;
    const port = await serve(tlsWith(key, fixture.evidence(request)));
    const under = (change: Parameters<AttestedFixture["appraiser"]>[0]) =>
      codeOf(port, { rules: { ...rules, appraiser: fixture.appraiser(change) } });
    expect(await under({ allowSimulated: false })).toBe("EVIDENCE_SIMULATED");
    const stranger = createAttestedFixture(clock);
    expect(await under({ anyOf: [{ measurements: [stranger.measurement] }] })).toBe(
      "MEASUREMENT_REFUSED",
    );
    expect(await codeOf(port, { rules: { ...rules, appraiser: stranger.appraiser() } })).toBe(
      "CERTIFICATE_ROOT_UNKNOWN",
    );
    const debugged = await serve(tlsWith(key, fixture.evidence(request, { debug: true })));
    expect(await codeOf(debugged)).toBe("EVIDENCE_DEBUG");
  });

  it("evidence that was changed, cut, or wrapped in another form", async () => {
    const key = makeKey();
    const wrapper = wrapEvidence(fixture.evidence({ purpose: "ra-tls", keys: [key.record] }));
    const changes: Uint8Array[] = [
      wrapper.slice(0, -1),
      Uint8Array.from([...wrapper, 0]),
      new Uint8Array(),
      Uint8Array.from(wrapper, (byte, at) => (at === wrapper.length - 1 ? 8 : byte)),
      Uint8Array.from(wrapper, (byte, at) => (at === 200 ? byte ^ 1 : byte)),
    ];
    for (const change of changes)
      expect(await codeOf(await serve(tlsWith(key, change)))).toMatch(
        /^(PEER_CERTIFICATE_REFUSED|(EVIDENCE|COLLATERAL|CRL|CERTIFICATE|QUOTE)_[A-Z_]+)$/,
      );
  });

  it("TLS 1.2, whatever its certificate", async () => {
    const key = makeKey();
    const evidence = fixture.evidence({ purpose: "ra-tls", keys: [key.record] });
    const port = await serve({ ...tlsWith(key, evidence), maxVersion: "TLSv1.2" });
    expect(await codeOf(port)).toBe("PEER_UNREACHABLE");
  });

  it("a server that speaks no TLS, and one that never answers", async () => {
    const plain = await listen(createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")));
    const wrong = connectAttested({ host: "127.0.0.1", port: plain, rules, freshness: "age" });
    const sentence = /speaks no TLS, as on a plain HTTP port$/;
    await expect(wrong).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
      arguments: { reason: expect.stringMatching(sentence) },
    });
    const silent = await listen(createTcpServer(() => {}));
    const controller = new AbortController();
    const waiting = connectAttested({
      host: "127.0.0.1",
      port: silent,
      rules,
      freshness: "age",
      signal: controller.signal,
    });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});

describe("a challenge stops who stole the TLS key itself", () => {
  let real: AttestedHttp;
  beforeEach(async () => {
    real = await startAttestedHttp({
      handler: (_request, response) => response.end("real"),
      address: { host: "127.0.0.1", port: 0 },
      attester: fixture.attester,
      clock,
      log: silentLog,
      peers: null,
      renewMs: HOUR,
    });
    opened.push(() => real.close());
  });

  /** A machine in between with the real key and certificate; it passes on what `answer` makes of a challenge. */
  const stealing = (answer: (request: IncomingMessage) => Promise<string>) => {
    const identity: AttestedIdentity = real.identity();
    return serve(attestedTlsOptions(identity), (request, response) => {
      void answer(request).then(
        (text) => response.writeHead(200, { "content-length": Buffer.byteLength(text) }).end(text),
        () => response.destroy(),
      );
    });
  };

  it("which the certificate's age alone does not see", async () => {
    const port = await stealing(async () => "{}");
    expect(await codeOf(port, { freshness: "age" })).toBe("taken");
    expect(await codeOf(port, { freshness: "challenge" })).toBe("PEER_EVIDENCE_REFUSED");
  });

  it("also when it passes the challenge on to the real enclave", async () => {
    const port = await stealing(async (request) => {
      const response = await fetch(new URL(request.url ?? "", await bridge()));
      return response.text();
    });
    expect(await codeOf(port, { freshness: "challenge" })).toBe("EVIDENCE_NONCE_WRONG");
  });

  it("also with an answer that was recorded before, or the certificate's own evidence", async () => {
    let recorded = "";
    const port = await stealing(async (request) => {
      recorded ||= await (await fetch(new URL(request.url ?? "", await bridge()))).text();
      return recorded;
    });
    for (let i = 0; i < 2; i++)
      expect(await codeOf(port, { freshness: "challenge" })).toBe("EVIDENCE_NONCE_WRONG");
    const { evidence } = real.identity();
    const replay = await stealing(async () => JSON.stringify({ evidence }));
    expect(await codeOf(replay, { freshness: "challenge" })).toBe("EVIDENCE_NONCE_WRONG");
  });

  /** Plain HTTP in front of the real server, as an attacker would build it. */
  const bridge = async (): Promise<string> => {
    const { port } = new URL(real.url);
    const front = createTcpServer((socket) => {
      const behind = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false });
      socket.pipe(behind).pipe(socket);
      for (const each of [socket, behind]) each.on("error", () => each.destroy());
    });
    return `http://127.0.0.1:${await listen(front)}`;
  };

  it.each<[string, string]>([
    ["chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
    ["no length", "HTTP/1.1 200 OK\r\n\r\n{}"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n{}"],
    ["a length without end", "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n{}"],
    ["a refusal", "HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}"],
    ["a second answer behind the first", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1"],
    ["headers without end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}`],
    ["nothing", ""],
    ["something else than evidence", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnull"],
    [
      "a key more than it may have",
      'HTTP/1.1 200 OK\r\ncontent-length: 52\r\n\r\n{"evidence":{"type":"x","body":"","simulated":false}}',
    ],
  ])("and who answers it with %s", async (_what, bytes) => {
    const server = createServer(attestedTlsOptions(real.identity()), (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(bytes));
    });
    const port = await listen(server);
    expect(await codeOf(port, { freshness: "challenge" })).toBe("PEER_EVIDENCE_REFUSED");
  });

  it("while the server makes evidence for its own side of the connection only", async () => {
    const { port } = new URL(real.url);
    const nonce = "ab".repeat(32);
    const socket = await new Promise<TLSSocket>((resolve) => {
      const made = connect(
        { host: "127.0.0.1", port: Number(port), rejectUnauthorized: false },
        () => resolve(made),
      );
    });
    const ask = async (query: string): Promise<string> => {
      socket.write(`GET ${CHALLENGE_PATH}${query} HTTP/1.1\r\nhost: x\r\n\r\n`);
      let text = "";
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        text += String(chunk);
        const [head = "", body] = text.split("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
        if (body !== undefined && body.length >= length) break;
      }
      return text;
    };
    expect(await ask(`?nonce=${nonce}`)).toMatch(/^HTTP\/1\.1 200 /);
    for (const bad of ["", "?nonce=", `?nonce=${nonce}00`, `?nonce=${nonce.toUpperCase()}`])
      expect(await ask(bad)).toContain("PEER_EVIDENCE_REFUSED");
    expect(channelNonce(socket, nonce)).not.toBe(nonce);
    socket.destroy();
  });
});

describe("a server that asks its clients for evidence", () => {
  let port: number;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    const log = createLog({
      level: "warn",
      destination: { write: (line) => void lines.push(line) },
    });
    const http = await startAttestedHttp({
      handler: (_request, response) => response.end("inside"),
      address: { host: "127.0.0.1", port: 0 },
      attester: fixture.attester,
      clock,
      log,
      peers: rules,
      renewMs: HOUR,
    });
    opened.push(() => http.close());
    port = Number(new URL(http.url).port);
  });

  /** What comes back for a request of a client that shows this. */
  const ask = (tls: {
    key?: string | Buffer;
    cert?: string;
    maxVersion?: "TLSv1.2";
  }): Promise<string> =>
    new Promise((resolve) => {
      let text = "";
      const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...tls });
      socket.on("data", (chunk) => {
        text += String(chunk);
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
      socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    });

  it("serves those that its policy names", async () => {
    const identity = await createAttestedIdentity({ attester: fixture.attester, clock });
    const { cert, key } = attestedTlsOptions(identity);
    expect(await ask({ cert, key })).toContain("inside");
    expect(lines).toEqual([]);
  });

  it("answers nobody else a byte, the challenge included, and says why in its log", async () => {
    const own = makeKey();
    const stolen = fixture.evidence({ purpose: "ra-tls", keys: [makeKey().record] });
    const plain = createCertificates();
    const stranger = createAttestedFixture(clock);
    const unknown = await createAttestedIdentity({ attester: stranger.attester, clock });
    const { cert, key } = attestedTlsOptions(unknown);
    const cases = [
      {},
      { cert: plain.cert, key: plain.key },
      tlsWith(own, null),
      tlsWith(own, stolen),
      { cert, key },
    ];
    for (const each of cases) expect(await ask(each)).toBe("");
    expect(lines).toHaveLength(cases.length);
    expect(await ask({ maxVersion: "TLSv1.2" })).toBe("");
  });

  it("takes no resumed session: each connection shows its certificate", async () => {
    const identity = await createAttestedIdentity({ attester: fixture.attester, clock });
    const { cert, key } = attestedTlsOptions(identity);
    const sessions: Buffer[] = [];
    const first = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, cert, key });
    first.on("session", (session) => sessions.push(session));
    first.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await new Promise((resolve) => {
      first.on("close", resolve);
      first.resume();
    });
    for (const session of sessions) {
      const again = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, session });
      again.on("error", () => {});
      again.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      let text = "";
      again.on("data", (chunk) => {
        text += String(chunk);
      });
      await new Promise((resolve) => again.on("close", resolve));
      expect(text).toBe("");
    }
    // A certificate with whole evidence does not fit into OpenSSL's ticket, so that there may be none to try.
    expect(sessions.length).toBeLessThanOrEqual(2);
  });

  it("is not held up by connections that never shake hands", async () => {
    const idle = Array.from({ length: 20 }, () => connectTcp({ host: "127.0.0.1", port }));
    const identity = await createAttestedIdentity({ attester: fixture.attester, clock });
    const { cert, key } = attestedTlsOptions(identity);
    expect(await ask({ cert, key })).toContain("inside");
    for (const socket of idle) socket.destroy();
  });
});
