import { request } from "node:http";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishTiny, tinyPackage } from "../../test/support/release-fixture.ts";
import { serveRegistry } from "../../test/support/serve-registry.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createFakeFabric } from "../../test/support/fake-fabric.ts";
import { silentLog } from "../core/log.ts";
import { makeFolderRegistry, openFolderRegistry } from "../registry/open-folder-registry.ts";
import { encodeSubmission, SUBMISSION_TYPE } from "../registry/http/submission-frames.ts";
import { createHttpRegistry } from "../registry/http/http-registry.ts";
import { createApi } from "./create-api.ts";

type Served = Awaited<ReturnType<typeof serveRegistry>>;
const closing: (() => Promise<void>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = path.join(temporaryFolder(), "registry");
  await makeFolderRegistry(folder);
  const registry = await openFolderRegistry(folder);
  await publishTiny(registry, tinyPackage());
  await publishTiny(registry, tinyPackage({ version: "1.1.0" }));
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const serve = async (
  ...given: [Parameters<typeof serveRegistry>[1]?, Parameters<typeof serveRegistry>[2]?]
) => {
  const served = await serveRegistry(folder, ...given);
  closing.push(served.close);
  return served;
};
const get = async ({ url }: Served, where: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${where}`, init);
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text };
};
const json = async (served: Served, where: string, init: RequestInit = {}) => {
  const { status, text } = await get(served, where, init);
  const body = JSON.parse(text) as Record<string, unknown>;
  return { status, body, code: (body["error"] as { code?: string } | undefined)?.code };
};

describe("/v1/registry", () => {
  it("answers who it is, log, packages, publishers and search", async () => {
    const served = await serve();
    const { body } = await json(served, "/v1/registry/packages/gold-price?from=1");
    expect(body).toMatchObject({
      releases: [{ version: "1.1.0", statement: { licence: "MIT" } }],
      next: null,
    });
    const [{ publisher, release, statement }] = body["releases"] as [
      {
        publisher: string;
        release: string;
        statement: { files: { manifest: { digest: string } } };
      },
    ];
    const paths: Readonly<Record<string, object>> = {
      "/v1/registry": {
        origin: served.service.origin,
        verifier: served.service.verifier,
        publish: true,
      },
      "/v1/registry/entries?from=1": { entries: [{ position: 1 }, { position: 2 }] },
      "/v1/registry/entries?from=1&limit=1": { entries: [{ position: 1 }] },
      "/v1/registry/entries?from=9": { entries: [] },
      "/v1/registry/proofs/inclusion?position=0&size=3": {
        proof: [expect.any(String), expect.any(String)],
      },
      "/v1/registry/proofs/consistency?from=0&to=3": { proof: [] },
      "/v1/registry/packages/nobody": { releases: [], next: null },
      "/v1/registry/packages/gold-price/1.1.0": { release, revoked: null },
      [`/v1/registry/publishers/${publisher}`]: { names: ["gold-price"] },
      [`/v1/registry/publisher-keys/${publisher}`]: { id: publisher },
      "/v1/registry/search?q=gold": {
        packages: [{ name: "gold-price", version: "1.1.0", match: "name-prefix" }],
      },
      "/v1/registry/search": { packages: [{ name: "gold-price", versions: 2 }], next: null },
    };
    for (const [where, expected] of Object.entries(paths)) {
      const answer = await json(served, where);
      expect([where, answer.status]).toEqual([where, 200]);
      expect(answer.body).toMatchObject(expected);
    }
    const note = await get(served, "/v1/registry/checkpoint");
    expect([note.status, note.type]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(note.text).toMatch(new RegExp(`^${served.service.origin}\n3\n`));
    const file = await get(served, `/v1/registry/blobs/${statement.files.manifest.digest}`);
    expect([file.status, file.type]).toEqual([200, "application/octet-stream"]);
    expect(JSON.parse(file.text)).toMatchObject({ version: "1.1.0" });
  });

  it.each([
    ["/v1/registry/entries", 400, "API_REQUEST_INVALID"],
    ["/v1/registry/entries?from=-1", 400, "API_REQUEST_INVALID"],
    ["/v1/registry/entries?from=0&limit=1001", 400, "API_REQUEST_INVALID"],
    ["/v1/registry/proofs/inclusion?position=3&size=3", 400, "LOG_RANGE_INVALID"],
    ["/v1/registry/proofs/consistency?from=3&to=2", 400, "LOG_RANGE_INVALID"],
    ["/v1/registry/packages/NOT_A_SLUG", 400, "API_REQUEST_INVALID"],
    ["/v1/registry/packages/gold-price/9.9.9", 404, "RELEASE_UNKNOWN"],
    ["/v1/registry/packages/gold-price/__proto__", 404, "RELEASE_UNKNOWN"],
    [`/v1/registry/blobs/sha256:${"00".repeat(32)}`, 404, "BLOB_UNKNOWN"],
    ["/v1/registry/blobs/..%2f..%2fprivate%2fcheckpoint.key", 400, "API_REQUEST_INVALID"],
    [`/v1/registry/publishers/sha256:${"00".repeat(32)}`, 422, "PUBLISHER_UNKNOWN"],
    ["/v1/registry/search?q=hots:kraken.com", 400, "REGISTRY_QUERY_INVALID"],
    ["/v1/registry/search?q=gold&cursor=abc", 400, "REGISTRY_CURSOR_INVALID"],
    [`/v1/registry/search?q=${"x".repeat(257)}`, 400, "API_REQUEST_INVALID"],
    ["/v1/registry/search?query=gold", 400, "API_REQUEST_INVALID"],
  ])("%s answers %i %s", async (where, status, code) => {
    expect(await json(await serve(), where)).toMatchObject({ status, code });
  });

  it("is not there on a host that serves none", async () => {
    const api = createApi({ fabric: createFakeFabric(1), log: silentLog });
    closing.push(() => api.close());
    const url = await api.listen({ host: "127.0.0.1", port: 0 });
    for (const where of ["", "/search", "/checkpoint", "/packages/gold-price"]) {
      const response = await fetch(`${url}/v1/registry${where}`);
      expect([where, response.status]).toEqual([where, 404]);
      expect(await response.json()).toMatchObject({ error: { code: "REGISTRY_NOT_SERVED" } });
    }
    const closed = await fetch(`${url}/v1/registry/submissions`, { method: "POST" });
    expect(await closed.json()).toMatchObject({ error: { code: "REGISTRY_NOT_SERVED" } });
  });

  it("needs the API's token unless it is open", async () => {
    const guarded = await serve({}, { token: "let-me-in" });
    for (const where of ["/v1/registry", "/v1/registry/search?q=gold"]) {
      expect(await json(guarded, where)).toMatchObject({ status: 401, code: "API_UNAUTHORIZED" });
      const headers = { authorization: "Bearer let-me-in" };
      expect((await json(guarded, where, { headers })).status).toBe(200);
    }
    const open = await serve({ open: true }, { token: "let-me-in" });
    expect((await json(open, "/v1/registry/search?q=gold")).status).toBe(200);
    expect((await json(open, "/v1/feeds")).status).toBe(401);
  });
});

describe("a submission", () => {
  const submit = async (served: Served, body: Uint8Array<ArrayBuffer>, type = SUBMISSION_TYPE) =>
    await json(served, "/v1/registry/submissions", {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
  const some = (): Uint8Array<ArrayBuffer> =>
    encodeSubmission({
      envelope: { payload: "e30=", payloadType: "application/json", signatures: [] },
      blobs: new Map(),
    });

  it("is refused by code for every other body", async () => {
    const served = await serve({ maxReleaseBytes: 65_536 });
    const size = (length: number) => new Uint8Array(length);
    const cases: readonly [string, Uint8Array<ArrayBuffer>, number, string][] = [
      ["nothing", size(0), 400, "SUBMISSION_MALFORMED"],
      ["half a length", size(3), 400, "SUBMISSION_MALFORMED"],
      ["an empty part", size(8), 400, "SUBMISSION_MALFORMED"],
      ["a part that is cut off", Uint8Array.of(0, 0, 1, 0, 1), 400, "SUBMISSION_MALFORMED"],
      ["no JSON", Uint8Array.of(0, 0, 0, 1, 0x7b), 400, "JSON_MALFORMED"],
      ["another statement", some(), 422, "PAYLOAD_TYPE_UNEXPECTED"],
      ["too much", size(65_537), 413, "SUBMISSION_TOO_LARGE"],
    ];
    for (const [what, body, status, code] of cases) {
      const answer = await submit(served, body);
      expect([what, answer.status, answer.code]).toEqual([what, status, code]);
    }
    expect((await submit(served, some(), "application/json")).code).toBe("API_BODY_REFUSED");
  });

  it("is read no further than it may be long, whatever its length says", async () => {
    const served = await serve({ maxReleaseBytes: 65_536 });
    const answered = new Promise<number>((resolve, reject) => {
      const call = request(
        `${served.url}/v1/registry/submissions`,
        {
          method: "POST",
          headers: { "content-type": SUBMISSION_TYPE, "transfer-encoding": "chunked" },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
          call.destroy();
        },
      ).once("error", reject);
      const more = (): void => {
        if (!call.destroyed) call.write(new Uint8Array(65_536), () => void setImmediate(more));
      };
      more();
    });
    expect(await answered).toBe(413);
  });

  it("is not taken where the operator did not say so, nor by a copy", async () => {
    const closed = await serve({ publish: false });
    expect(await submit(closed, some())).toMatchObject({
      status: 403,
      code: "REGISTRY_PUBLISHING_CLOSED",
    });
    expect((await json(closed, "/v1/registry")).body).toMatchObject({ publish: false });
  });

  it("is limited by address", async () => {
    const served = await serve({ submissionsPerMinute: 2 });
    await submit(served, some());
    await submit(served, some());
    expect(await submit(served, some())).toMatchObject({ status: 429, code: "SUBMISSION_LIMIT" });
    expect((await json(served, "/v1/registry/search?q=gold")).status).toBe(200);
  });

  it("is found at once", async () => {
    const served = await serve({ refreshMs: 3_600_000 });
    const registry = createHttpRegistry({ url: served.url });
    await publishTiny(registry, tinyPackage({ id: "wind-speed", description: "Of the north sea" }));
    const { packages } = await registry.search({ query: "north sea" });
    expect(packages).toMatchObject([{ name: "wind-speed", match: "description" }]);
  });
});
