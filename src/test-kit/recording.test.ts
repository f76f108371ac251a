import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { failureOf } from "../../test/support/failure-of.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { answersAt, EMPTY_RECORDING, readRecording, writeRecording } from "./recording.ts";
import { RECORDING_BOUNDS } from "./recording-schema.ts";

/** Code of what it rejects with. */
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  (await failureOf(() => work)).code;
const AT = Date.parse("2026-05-10T12:00:00Z");
const url = "https://api.example.com/price?zone=DE";
const written = (content: unknown): string => {
  const file = path.join(temporaryFolder(), "a.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};
const exchange = (change: object = {}) => ({
  id: "one",
  request: { url },
  body: "{}",
  ...change,
});
const of = (...exchanges: object[]) => ({ version: 1, exchanges });
const get = { id: "one", method: "GET", url } as const;

describe("a recording written by hand", () => {
  it("needs a name, an address and an answer", async () => {
    const recording = await readRecording(
      written(
        '{"version":1,"exchanges":[{"id":"one","request":{"url":"' +
          url +
          '"},"json":{"price":-12.50}}]}',
      ),
    );
    expect(answersAt(recording, AT).http(get)).toEqual({
      status: 200,
      headers: { "content-type": "application/json" },
      // As it was written, which a parsed number would not be.
      body: '{"price":-12.50}',
      receivedAt: AT,
    });
  });

  it("may keep a body in a file of its own", async () => {
    const file = written(of(exchange({ body: undefined, bodyFile: "one.body.txt" })));
    writeFileSync(path.join(path.dirname(file), "one.body.txt"), "from the file");
    expect((await readRecording(file)).exchanges).toMatchObject([{ body: "from the file" }]);
  });

  it("tells how a source went on", async () => {
    const recording = await readRecording(
      written(
        of(
          exchange({ body: "third", receivedAt: AT + 2_000 }),
          exchange({ body: "first" }),
          exchange({ body: "second", receivedAt: "2026-05-10T14:00:01+02:00" }),
          exchange({ error: "HTTP_TIMEOUT", body: undefined, receivedAt: AT + 3_000 }),
        ),
      ),
    );
    const at = (offset: number) => answersAt(recording, AT + offset).http(get);
    expect(at(0)).toMatchObject({ body: "first" });
    expect(at(1_999)).toMatchObject({ body: "second", receivedAt: AT + 1_999 });
    expect(at(2_000)).toMatchObject({ body: "third" });
    expect(at(9_999)).toEqual({ error: "HTTP_TIMEOUT", arguments: {} });
  });

  it("answers what was asked and nothing else", async () => {
    const any = { ...exchange({ body: "any" }), request: { url: "https://api.example.com/*" } };
    const answers = answersAt(await readRecording(written(of(any, exchange({ body: "DE" })))), AT);
    expect(answers.http(get)).toMatchObject({ body: "DE" });
    expect(answers.http({ ...get, url: `${url}&day=2` })).toMatchObject({ body: "any" });
    expect(answers.http({ method: "GET", url })).toMatchObject({ body: "DE" });
    expect(answers.http({ ...get, id: "two" })).toBeNull();
    expect(answers.http({ ...get, method: "POST" })).toBeNull();
    expect(answers.http({ ...get, url: "https://api.example.org/" })).toBeNull();
  });

  it("answers reads of chains by what was asked, and other Cryptlets", async () => {
    const query = { kind: "call", contract: `0x${"c0".repeat(20)}`, data: "0xfeaf968c" } as const;
    const result = { kind: "call", ok: true, data: "0x2a" };
    const other = { ...result, data: "0x2b" };
    const observation = {
      feed: "xau-usd",
      value: { kind: "decimal", text: "-1.5", decimals: 1, unit: "USD" },
      observedAt: AT,
      market: { status: "open", session: null, nextOpen: null },
      sources: [],
      aggregation: { method: "none", minSources: 1, used: 1, spread: "0" },
    };
    const recording = await readRecording(
      written({
        version: 1,
        chains: [
          { id: "peg", chain: "local", results: [other] },
          { id: "peg", chain: "local", queries: [query], results: [result], receivedAt: AT },
        ],
        calls: [{ id: "gold", cryptlet: "gold-price", feed: "xau-usd", observation }],
      }),
    );
    const answers = answersAt(recording, AT);
    expect(answers.chain({ id: "peg", chain: "local", queries: [query] })).toMatchObject({
      results: [result],
    });
    expect(
      answers.chain({ id: "peg", chain: "local", queries: [{ ...query, data: "0x01" }] }),
    ).toMatchObject({ results: [other] });
    expect(answers.chain({ id: "peg", chain: "base", queries: [query] })).toBeNull();
    expect(answers.call({ id: "gold", cryptlet: "gold-price", feed: "xau-usd" })).toEqual({
      observation,
      receivedAt: AT,
    });
    expect(answers.call({ id: "gold", cryptlet: "gold-price", feed: "xag-usd" })).toBeNull();
  });

  it("is read by folder in the order of names", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "b.json"), JSON.stringify(of(exchange({ body: "b" }))));
    writeFileSync(path.join(folder, "a.json"), JSON.stringify({ ...of(exchange()), about: "A" }));
    writeFileSync(path.join(folder, "note.txt"), "not one");
    const recording = await readRecording(folder);
    expect(recording.about).toBe("A");
    expect(answersAt(recording, AT).http(get)).toMatchObject({ body: "b" });
  });
});

describe("what is no recording", () => {
  it.each<[string, unknown]>([
    ["text that is no JSON", "{"],
    ["a list", "[]"],
    ["no version", { exchanges: [] }],
    ["another version", { version: 2 }],
    ["a key twice", '{"version":1,"version":1}'],
    ["a field of its own", { version: 1, extra: true }],
    ["a prototype", '{"version":1,"__proto__":{"about":"x"}}'],
    ["too deep a nesting", `{"version":1,"about":${"[".repeat(40)}${"]".repeat(40)}}`],
    ["two bodies", of(exchange({ json: {} }))],
    ["no body", of(exchange({ body: undefined }))],
    ["a body outside the folder", of(exchange({ body: undefined, bodyFile: "../secret" }))],
    ["an absolute file", of(exchange({ body: undefined, bodyFile: "/etc/hosts" }))],
    ["a hidden file", of(exchange({ body: undefined, bodyFile: ".env" }))],
    ["an address without TLS", of(exchange({ request: { url: "http://a.example.com/" } }))],
    ["an address with a password", of(exchange({ request: { url: "https://a:b@c.d/" } }))],
    ["a header that may hold a secret", of(exchange({ headers: { "set-cookie": "a=b" } }))],
    ["request headers", of(exchange({ request: { url, headers: { authorization: "x" } } }))],
    ["a code of nobody's", of(exchange({ body: undefined, error: "NO_SUCH" }))],
    ["a code of the enclave's", of(exchange({ body: undefined, error: "SEAL_REFUSED" }))],
    ["a time that is none", of(exchange({ receivedAt: "2026-13-40T00:00:00Z" }))],
    ["a negative time", of(exchange({ receivedAt: -1 }))],
    ["too many answers", of(...Array.from({ length: 1_001 }, () => exchange()))],
  ])("%s is refused", async (_what, content) => {
    expect(await codeOf(readRecording(written(content)))).toBe("RECORDING_INVALID");
  });

  it("names every fault with its place", async () => {
    const file = written(of(exchange({ status: 7 }), exchange({ id: "" })));
    await expect(readRecording(file)).rejects.toMatchObject({
      arguments: { faults: expect.stringMatching(/exchanges\[0\][\s\S]*exchanges\[1\]/) as string },
    });
  });

  it("reads no file that is too large, no pipe, no link and no bytes that are no text", async () => {
    const folder = temporaryFolder();
    const at = (name: string) => path.join(folder, name);
    writeFileSync(at("large.json"), " ".repeat(RECORDING_BOUNDS.fileBytes + 1));
    writeFileSync(at("bytes.json"), Uint8Array.of(0xff, 0xfe));
    symlinkSync("/etc/hosts", at("link.json"));
    execFileSync("mkfifo", [at("pipe.json")]);
    for (const name of ["large.json", "bytes.json", "link.json", "pipe.json", "missing.json"])
      expect([name, await codeOf(readRecording(at(name)))]).toEqual([name, "FILE_UNREADABLE"]);
    const linked = written(of(exchange({ body: undefined, bodyFile: "body.txt" })));
    symlinkSync("/etc/hosts", path.join(path.dirname(linked), "body.txt"));
    expect(await codeOf(readRecording(linked))).toBe("FILE_UNREADABLE");
  });

  it("is refused under one of two codes, whatever stands in the file", async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "any.json");
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        writeFileSync(file, text);
        expect(await codeOf(readRecording(file))).toBe("RECORDING_INVALID");
      }),
      { numRuns: 50 },
    );
  });
});

describe("writeRecording", () => {
  const recorded = (body: string) => ({
    ...EMPTY_RECORDING,
    about: "by a test",
    exchanges: [
      {
        id: "one",
        request: { method: "GET", url, body: null } as const,
        status: 200,
        headers: { date: "x" },
        body,
        receivedAt: AT,
      },
    ],
  });

  it("writes what reads back the same, long bodies in files of their own", async () => {
    const folder = path.join(temporaryFolder(), "new", "recordings");
    const file = path.join(folder, "a.json");
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ minLength: 9_000 })),
        async (body) => {
          await writeRecording(file, recorded(body));
          expect(await readRecording(file)).toEqual(recorded(body));
        },
      ),
      { numRuns: 20 },
    );
    const other = readdirSync(folder).filter((name) => !/^[^.].*\.(?:json|body\.txt)$/.test(name));
    expect(other).toEqual([]);
  });

  it.each([
    ["as it is", (secret: string) => `{"key":"${secret}"}`],
    ["escaped", (secret: string) => JSON.stringify({ key: `x${secret}` })],
    ["in base64", (secret: string) => Buffer.from(`user:${secret}`).toString("base64")],
    ["in an address", (secret: string) => encodeURIComponent(secret)],
  ])("writes nothing that repeats a secret %s", async (_how, bodyOf) => {
    const folder = temporaryFolder();
    const secret = 'p"ss/word-0815';
    const writing = writeRecording(path.join(folder, "a.json"), recorded(bodyOf(secret)), {
      secrets: [secret],
    });
    expect(await codeOf(writing)).toBe("RECORDING_HOLDS_SECRET");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing half-written where it cannot write", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "file"), "");
    const inFile = path.join(folder, "file", "a.json");
    expect(await codeOf(writeRecording(inFile, EMPTY_RECORDING))).toBe("FILE_UNWRITABLE");
    mkdirSync(path.join(folder, "taken.json"));
    const taken = writeRecording(path.join(folder, "taken.json"), EMPTY_RECORDING);
    expect(await codeOf(taken)).toBe("FILE_UNWRITABLE");
    expect(readdirSync(folder).toSorted()).toEqual(["file", "taken.json"]);
  });
});
