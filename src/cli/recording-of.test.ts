import { describe, expect, it } from "vitest";

import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { answersAt } from "../test-kit/recording.ts";
import { recordingOf } from "./recording-of.ts";

const AT = Date.parse("2026-05-10T13:00:00Z");
const HASH = `0x${"12".repeat(32)}`;
const CONTRACT = `0x${"ab".repeat(20)}`;

type Entry = readonly [op: string, request: object, response: object];

/** As much of a transcript as is read here. */
const transcript = (...entries: readonly Entry[]): Transcript =>
  ({
    trigger: { at: AT },
    entries: entries.map(([op, request, response], seq) => ({
      seq: seq + 1,
      op,
      request: JSON.stringify(request),
      response: JSON.stringify(response),
      provenance: [],
      head: "",
    })),
  }) as unknown as Transcript;

const url = "https://one.grid.example/price";
const ask = (id: string): object => ({ id, method: "GET", url });
const answer = (id: string, body: string): object => ({
  ok: true,
  id,
  reference: 1,
  mode: "LIVE",
  status: 200,
  headers: { "content-type": "application/json" },
  body,
  receivedAt: AT + 5,
});

describe("recordingOf", () => {
  it("gives the same answers again, at the time at which they were given", () => {
    const recording = recordingOf(
      transcript(
        ["time.now", { op: "time.now" }, { ok: AT }],
        [
          "http.all",
          { op: "http.all", requests: [ask("one"), ask("two")] },
          {
            ok: [
              answer("one", '{"price":-1}'),
              {
                ok: false,
                id: "two",
                error: {
                  code: "HTTP_TIMEOUT",
                  arguments: { host: "x", timeoutMs: 50 },
                  message: "",
                },
              },
            ],
          },
        ],
      ),
    );
    const answers = answersAt(recording, AT + 5);
    expect(answers.http({ id: "one", method: "GET", url })).toMatchObject({ body: '{"price":-1}' });
    expect(answers.http({ id: "two", method: "GET", url })).toEqual({
      error: "HTTP_TIMEOUT",
      arguments: { host: "x", timeoutMs: "50" },
    });
    expect(answersAt(recording, AT).http({ id: "one", method: "GET", url })).toBeNull();
  });

  it("keeps what chains and other Cryptlets said", () => {
    const queries = [{ kind: "call", contract: CONTRACT, data: "0x01" }];
    const results = [{ kind: "call", ok: true, data: "0x02" }];
    const observation = {
      feed: "xau-usd",
      value: { kind: "decimal", text: "1.00", decimals: 2, unit: "USD" },
      observedAt: AT,
      market: { status: "open", session: null, nextOpen: null },
      sources: [],
      aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
    };
    const { chains, calls } = recordingOf(
      transcript(
        [
          "chain.read",
          { op: "chain.read", id: "escrow", chain: "mainnet", block: "latest", queries },
          { ok: { chainId: 1, block: { number: 7, hash: HASH, timestamp: AT }, results } },
        ],
        [
          "chain.read",
          { op: "chain.read", id: "other", chain: "mainnet", block: "latest", queries },
          { error: { code: "CHAIN_NO_QUORUM", arguments: {} } },
        ],
        [
          "call",
          { op: "call", id: "gold", cryptlet: "gold-price", feed: "xau-usd", parameters: null },
          { ok: { observation, receivedAt: AT } },
        ],
      ),
    );
    expect(chains).toMatchObject([
      { id: "escrow", chain: "mainnet", chainId: 1, queries, results },
      { id: "other", chain: "mainnet", error: "CHAIN_NO_QUORUM" },
    ]);
    expect(calls).toMatchObject([{ id: "gold", cryptlet: "gold-price", observation }]);
  });

  it("takes secrets out of bodies, and leaves their names in requests", () => {
    const request = { ...ask("one"), url: `${url}?key={{secret:GRID_KEY}}` };
    const { exchanges } = recordingOf(
      transcript([
        "http.all",
        { op: "http.all", requests: [request] },
        { ok: [answer("one", '{"you":"hunter2hunter2","twice":"hunter2hunter2"}')] },
      ]),
      { secrets: ["", "hunter2hunter2"] },
    );
    const text = JSON.stringify(exchanges);
    expect(text).not.toContain("hunter2");
    expect(text).toContain("{{secret:GRID_KEY}}");
    expect(exchanges).toMatchObject([{ body: '{"you":"[secret]","twice":"[secret]"}' }]);
  });

  it("keeps nothing of a call that was refused as a whole, nor words that are no code", () => {
    const refused: Entry = [
      "http.all",
      { op: "http.all", requests: [ask("one")] },
      { error: { code: "CAPABILITY_NOT_GRANTED", arguments: {} } },
    ];
    const strange: Entry = [
      "http.all",
      { op: "http.all", requests: [ask("one")] },
      { ok: [{ ok: false, id: "one", error: { code: "constructor", arguments: {} } }] },
    ];
    expect(recordingOf(transcript(refused, strange)).exchanges).toEqual([]);
  });
});
