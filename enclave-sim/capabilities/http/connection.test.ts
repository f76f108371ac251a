import { createServer, type Server, type SecureVersion } from "node:tls";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../../src/emulator/certificate-authority.ts";
import {
  askOne,
  closeOpened,
  codeOf,
  echo,
  opened,
  start,
} from "../../../test/support/http-probe.ts";

afterEach(closeOpened);

const HOST = "one.example.com";
const listen = async (server: Server): Promise<number> => {
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  opened.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  });
  return (server.address() as AddressInfo).port;
};

/** Code of one request to a TLS server that then writes these bytes. */
const codeFrom = async (
  bytes: string,
  options: {
    readonly version?: SecureVersion;
    readonly madeAt?: number;
    readonly name?: string;
  } = {},
): Promise<string> => {
  const authority = await createCertificateAuthority(options.madeAt ?? Date.now());
  const server = createServer(
    {
      SNICallback: (_name, done) => done(null, authority.contextFor(options.name ?? HOST)),
      ...(options.version
        ? { minVersion: "TLSv1", maxVersion: options.version, ciphers: "DEFAULT@SECLEVEL=0" }
        : {}),
    },
    (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(bytes));
    },
  );
  const port = await listen(server);
  const { capability } = await start(echo, () => ({
    mode: "emulated",
    address: "127.0.0.1",
    port,
    caPem: authority.certificatePem,
    allowPrivateAddresses: false,
  }));
  return codeOf(await askOne(capability, { url: `https://${HOST}/` }));
};

const GOOD = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

describe("a connection", () => {
  it("works against a plain HTTP/1.1 server", async () => {
    expect(await codeFrom(GOOD)).toBe("ok");
  });

  it.each([
    ["TLS 1.1", { version: "TLSv1.1" }],
    ["a certificate that has expired", { madeAt: Date.now() - 60 * 86_400_000 }],
    ["a certificate that is not valid yet", { madeAt: Date.now() + 60 * 86_400_000 }],
    ["a certificate of another name", { name: "two.example.com" }],
    ["a wildcard certificate of another domain", { name: "*.example.org" }],
  ] as const)("is refused with %s", async (_what, options) => {
    expect(await codeFrom(GOOD, options)).toBe("HTTP_TLS_REFUSED");
  });

  it.each([
    ["nothing at all", ""],
    ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a status line alone", "HTTP/1.1 200 OK\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
    ],
    ["a broken chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}"],
    ["a body that is shorter than it says", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"],
  ])("breaks with %s", async (_what, bytes) => {
    expect(await codeFrom(bytes)).toBe("HTTP_BROKEN");
  });
});
