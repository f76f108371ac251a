import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { cryptletIdSchema, type Digest } from "../../src/core/ids.ts";
import { createHttpRegistry } from "../../src/registry/http/http-registry.ts";
import { failureOf } from "../support/failure-of.ts";

// A server that answers whatever it likes to a reader of its registry: each ends in a code, and in bounded memory and time.

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const serve = async (answer: (path: string, response: ServerResponse) => void) => {
  const server = createServer((request, response) => answer(request.url ?? "", response));
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return createHttpRegistry({ url: `http://127.0.0.1:${port}`, timeoutMs: 5_000 });
};
const json = (value: unknown) => (_: string, response: ServerResponse) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
};
const gold = cryptletIdSchema.parse("gold-price");
const digest = `sha256:${"ab".repeat(32)}` as Digest;

describe("a reader of a lying registry", () => {
  it.each([
    ["no JSON", "nothing"],
    ["another shape", { entries: "all" }],
    ["a leaf without end", { entries: [{ position: 0, leaf: "x".repeat(400_001) }] }],
    ["a position of its own", { entries: [{ position: 7, leaf: "{}" }] }],
    ["a negative position", { entries: [{ position: -1, leaf: "{}" }] }],
  ])("refuses entries: %s", async (_, body) => {
    const registry = await serve(json(body));
    const failure = await failureOf(() => registry.entries({ from: 0, limit: 10 }));
    expect(failure.code).toBe("REGISTRY_ANSWER_INVALID");
  });

  it("reads no more entries than it asked for", async () => {
    const registry = await serve(
      json({ entries: Array.from({ length: 900 }, (_, position) => ({ position, leaf: "{}" })) }),
    );
    expect(await registry.entries({ from: 0, limit: 3 })).toHaveLength(3);
  });

  it("ends where pages of releases do not", async () => {
    const registry = await serve(json({ releases: [], next: 0 }));
    expect((await failureOf(() => registry.releases(gold))).code).toBe("REGISTRY_ANSWER_INVALID");
  });

  it("takes no release whose entry is none", async () => {
    const release = {
      entry: { position: 0, leaf: '{"envelope":{},"recordedAt":1}' },
      publisher: digest,
      publisherName: "x",
      keyid: digest,
      deprecated: null,
      revoked: null,
    };
    const registry = await serve(json({ ...release, releases: [release], next: null }));
    for (const ask of [() => registry.releases(gold), () => registry.release(gold, "1.0.0")])
      expect((await failureOf(ask)).code).toBe("LOG_ENTRY_INVALID");
  });

  it("checks the bytes of a file, and stops where they do not end", async () => {
    const wrong = await serve((_, response) => void response.end("other bytes"));
    expect((await failureOf(() => wrong.blob(digest))).code).toBe("BLOB_WRONG");
    const endless = await serve((_, response) => {
      const chunk = new Uint8Array(1_048_576);
      const more = (): void => {
        if (response.destroyed) return;
        if (response.write(chunk)) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    expect((await failureOf(() => endless.checkpoint())).code).toBe("REGISTRY_ANSWER_INVALID");
  });

  it("follows no redirect, which would carry its token away", async () => {
    const registry = await serve((_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/stolen" }).end();
    });
    expect((await failureOf(() => registry.checkpoint())).code).toBe("REGISTRY_UNAVAILABLE");
  });

  it("keeps the other side's code, and believes no unknown one", async () => {
    const coded = await serve((_, response) => {
      response.writeHead(409, { "content-type": "application/json" }).end(
        JSON.stringify({
          error: {
            code: "NAME_TAKEN",
            message: "m",
            hint: "h",
            arguments: { name: "x", owner: "y" },
          },
        }),
      );
    });
    const submission = {
      envelope: { payload: "", payloadType: "t", signatures: [] },
      blobs: new Map<Digest, Uint8Array>(),
    };
    expect((await failureOf(() => coded.submit(submission))).code).toBe("NAME_TAKEN");
    const unknown = await serve((_, response) => {
      response.writeHead(500).end(JSON.stringify({ error: { code: "__proto__", arguments: {} } }));
    });
    expect((await failureOf(() => unknown.submit(submission))).code).toBe("REGISTRY_UNAVAILABLE");
  });

  it("waits no longer than it was told", async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const registry = createHttpRegistry({ url: `http://127.0.0.1:${port}`, timeoutMs: 50 });
    expect((await failureOf(() => registry.checkpoint())).code).toBe("REGISTRY_UNAVAILABLE");
  });

  it.each(["ftp://x", "file:///etc/passwd", "not a url", "http://u:p@host/"])(
    "does not go to %s",
    (url) => {
      expect(() => createHttpRegistry({ url })).toThrowError(
        expect.objectContaining({ code: "REGISTRY_ADDRESS_INVALID" }),
      );
    },
  );
});
