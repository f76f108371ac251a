import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { isPublicAddress } from "../../enclave-sim/capabilities/http/public-address.ts";
import type { Resolver } from "../../enclave-sim/capabilities/http/resolve-host.ts";
import { ask, askOne, closeOpened, codeOf, start } from "../support/http-probe.ts";
import type { Handler } from "../support/tls-server.ts";

// The http capability against names, addresses and servers that mean harm, over real TLS.

afterEach(closeOpened);

const live = (allowPrivateAddresses: boolean) => () =>
  ({ mode: "live", allowPrivateAddresses }) as const;
const url = "https://one.example.com/";

describe("an address that is nobody's business", () => {
  test.each([
    ["loopback", "127.0.0.1"],
    ["loopback's far end", "127.255.255.254"],
    ["this host", "0.0.0.0"],
    ["private 10", "10.1.2.3"],
    ["private 172", "172.31.255.255"],
    ["private 192", "192.168.0.1"],
    ["carrier NAT", "100.64.0.1"],
    ["the cloud's metadata", "169.254.169.254"],
    ["Alibaba's metadata", "100.100.100.200"],
    ["Oracle's metadata", "192.0.0.192"],
    ["benchmarking", "198.18.0.1"],
    ["documentation", "203.0.113.7"],
    ["multicast", "224.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["reserved", "240.0.0.1"],
    ["IPv6 loopback", "::1"],
    ["IPv6 unspecified", "::"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["unique local", "fd00:ec2::254"],
    ["mapped", "::ffff:127.0.0.1"],
    ["mapped in hex", "::ffff:7f00:1"],
    ["compatible", "::127.0.0.1"],
    ["translated", "::ffff:0:127.0.0.1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["local NAT64", "64:ff9b:1::7f00:1"],
    ["6to4", "2002:7f00:1::"],
    ["Teredo", "2001:0:7f00:1::"],
    ["ORCHID", "2001:20::1"],
    ["IPv6 documentation", "2001:db8::1"],
    ["the newer documentation", "3fff::1"],
    ["discard", "100::1"],
    ["IPv6 multicast", "ff02::1"],
    ["segment routing", "5f00::1"],
  ])("%s (%s) is not connected to", async (_name, address) => {
    expect(isPublicAddress(address)).toBe(false);
    const { capability, server } = await start(
      (_, response) => response.end("{}"),
      live(false),
      async () => [address],
    );
    const exchange = await askOne(capability, { url });
    expect(codeOf(exchange)).toBe("HTTP_PRIVATE_ADDRESS");
    expect(server.connections()).toBe(0);
  });

  test.each([
    ["in decimal", "2130706433"],
    ["in hex", "0x7f000001"],
    ["in octal", "0177.0.0.1"],
    ["cut short", "127.1"],
    ["in full width", "１２７.0.0.1"],
    ["with a dot at its end", "127.0.0.1."],
    ["in brackets", "[::1]"],
    ["as localhost", "localhost"],
    ["as a name under localhost", "one.localhost"],
  ])(
    "a URL that names loopback %s is refused before a name server hears of it",
    async (_name, host) => {
      let resolved = 0;
      const { capability } = await start(
        (_, response) => response.end("{}"),
        live(false),
        async () => {
          resolved += 1;
          return ["127.0.0.1"];
        },
      );
      const code = codeOf(await askOne(capability, { url: `https://${host}/` }));
      expect(["HTTP_PRIVATE_ADDRESS", "HTTP_HOST_NOT_ALLOWED", "HTTP_REQUEST_INVALID"]).toContain(
        code,
      );
      expect(resolved).toBe(0);
    },
  );
});

test("a name that is rebound after the check is connected to at the checked address", async () => {
  const asked: string[] = [];
  const rebinding: Resolver = async (host) => {
    asked.push(host);
    return asked.length === 1 ? ["127.0.0.1"] : ["127.0.0.2"];
  };
  const { capability } = await start((_, response) => response.end("{}"), live(true), rebinding);
  // Nobody listens at port 443 here; what counts is that one look-up was made for one connection.
  await askOne(capability, { url, timeoutMs: 200 });
  expect(asked).toEqual(["one.example.com"]);
});

describe("a server that wants more than its share", () => {
  const bombs: readonly (readonly [string, string, Buffer])[] = [
    ["a gzip bomb", "gzip", gzipSync(Buffer.alloc(50_000_000))],
    ["a brotli bomb", "br", brotliCompressSync(Buffer.alloc(50_000_000))],
    ["a gzip bomb in a gzip", "gzip", gzipSync(gzipSync(Buffer.alloc(50_000_000)))],
  ];
  test.each(bombs)("%s costs its own source", async (_name, encoding, bytes) => {
    const { capability } = await start((request, response) => {
      if (request.url === "/good") response.end("{}");
      else response.writeHead(200, { "content-encoding": encoding }).end(bytes);
    });
    const [bad, good] = await ask(capability, [{ url }, { url: `${url}good` }]);
    if (!bad || !good) throw new Error("no exchanges");
    expect(["HTTP_TOO_LARGE", "HTTP_ENCODING_REFUSED"]).toContain(codeOf(bad));
    expect(codeOf(good)).toBe("ok");
    expect(bad.provenance.responseDigest).toBeNull();
  });

  test.each<[string, Handler, readonly string[]]>([
    [
      "that says it sends little and sends much",
      (_, response) => {
        response.writeHead(200, { "content-length": "5" });
        response.end("x".repeat(5));
      },
      ["ok"],
    ],
    [
      "that sends without end",
      (_, response) => {
        const more = () => {
          while (response.write("x".repeat(10_000)));
          response.once("drain", more);
        };
        more();
      },
      ["HTTP_TOO_LARGE"],
    ],
    ["that sends one byte and waits", (_, response) => void response.write("{"), ["HTTP_TIMEOUT"]],
    ["that never answers", () => {}, ["HTTP_TIMEOUT"]],
    [
      "that sends headers without end",
      (_, response) => {
        for (let n = 0; n < 300; n += 1) response.setHeader(`x-${n}`, "y".repeat(100));
        response.end("{}");
      },
      ["HTTP_TOO_LARGE"],
    ],
    [
      "that breaks off in the middle",
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        response.destroy();
      },
      ["HTTP_BROKEN"],
    ],
    [
      "that answers with bytes that are no text",
      (_, response) => response.end(Buffer.from([0xc3, 0x28])),
      ["HTTP_ENCODING_REFUSED"],
    ],
    [
      "that asks to switch protocols",
      (_, response) => response.writeHead(101, { upgrade: "h2c", connection: "upgrade" }).end(),
      ["HTTP_BROKEN", "HTTP_TIMEOUT"],
    ],
  ])("one %s", async (_name, handler, codes) => {
    const { capability } = await start(handler);
    const exchange = await askOne(capability, { url, timeoutMs: 700 });
    expect(codes).toContain(codeOf(exchange));
  });
});

describe("a request that wants more than its share", () => {
  test.each([
    ["another host in a header", { headers: { host: "evil.example.com" } }],
    ["a length of its own", { headers: { "content-length": "0" } }],
    ["another framing", { headers: { "transfer-encoding": "chunked" } }],
    ["a second request in a header", { headers: { a: "b\r\n\r\nGET /evil HTTP/1.1" } }],
    ["a header that is no name", { headers: { "a b": "c" } }],
    ["a cookie", { headers: { cookie: "a=b" } }],
    ["proxy credentials", { headers: { "proxy-authorization": "x" } }],
    [
      "too many headers",
      { headers: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`a${n}`, ""])) },
    ],
    ["a path beside the allowed one", { url: "https://two.example.com/opening" }],
    ["a path above the allowed one", { url: "https://two.example.com/open/../closed" }],
    ["a path that hides its dots", { url: "https://two.example.com/open/%2e%2e/closed" }],
    ["a path with a backslash", { url: "https://two.example.com/open\\..\\closed" }],
    ["a host with a dot at its end", { url: "https://one.example.com./" }],
    ["a host that only begins so", { url: "https://one.example.com.evil.example.com/" }],
    ["a host before an at sign", { url: "https://one.example.com@evil.example.com/" }],
    ["a host of other letters", { url: "https://оne.example.com/" }],
    ["another scheme", { url: "wss://one.example.com/" }],
    ["no scheme", { url: "//one.example.com/" }],
    ["a line break in the URL", { url: "https://two.example.com/\nclosed" }],
  ])("%s is not sent", async (_name, change) => {
    const { capability, server } = await start((_, response) => response.end("{}"));
    const code = codeOf(await askOne(capability, { url, ...change }));
    expect(["HTTP_REQUEST_INVALID", "HTTP_HOST_NOT_ALLOWED"]).toContain(code);
    expect(server.seen).toEqual([]);
  });

  test("more requests than the manifest grants are not sent, over the whole run", async () => {
    const { capability, server } = await start((_, response) => response.end("{}"));
    const exchanges = await ask(
      capability,
      Array.from({ length: 12 }, (_, n) => ({ url: `${url}${n}` })),
    );
    expect(exchanges.map(codeOf).filter((code) => code === "ok")).toHaveLength(8);
    expect(server.seen).toHaveLength(8);
  });
});

test("an answer carries the key of the server that gave it, also over a kept connection and after a redirect", async () => {
  const { capability } = await start((request, response) => {
    if (request.url === "/away")
      response.writeHead(302, { location: "https://two.example.com/open" }).end();
    else response.end("{}");
  });
  const [one, two, again, redirected] = [
    await askOne(capability, { url }),
    await askOne(capability, { url: "https://two.example.com/open" }),
    await askOne(capability, { url }),
    await askOne(capability, { url: `${url}away` }),
  ].map(({ provenance }) => provenance.tls?.certificateSha256);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(again).toBe(one);
  expect(two).not.toBe(one);
  expect(redirected).toBe(two);
});
