import { connect } from "node:net";
import { EventEmitter, once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { createFakeFabric, type FakeFabric } from "../../test/support/fake-fabric.ts";
import { silentLog } from "../core/log.ts";
import { createApi, type Api, type ApiOptions } from "./create-api.ts";

const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

const start = async (fabric: FakeFabric, streams: ApiOptions["streams"] = {}) => {
  const api = createApi({ fabric, log: silentLog, streams });
  open.push(api);
  return {
    api,
    url: `${await api.listen({ host: "127.0.0.1", port: 0 })}/v1/feeds/xau-usd/events`,
  };
};

/** Text of a stream, read piece by piece until it `holds`. */
const listen = async (url: string, headers: Record<string, string> = {}) => {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    response,
    leave: () => controller.abort(),
    async until(holds: (text: string) => boolean): Promise<string> {
      while (!holds(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${text}`);
        text += decoder.decode(value, { stream: true });
      }
      return text;
    },
    async rest(): Promise<string> {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += decoder.decode(value, { stream: true });
      }
    },
  };
};
const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
const has = (id: number) => (text: string) => text.includes(`id: ${id}\n`) && text.endsWith("\n\n");

describe("/v1/feeds/:id/events", () => {
  it("sends rounds as they are committed, each with its number as id", async () => {
    const fabric = createFakeFabric(2);
    const { url } = await start(fabric);
    const stream = await listen(url);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(stream.response.headers.get("x-content-type-options")).toBe("nosniff");
    await stream.until((text) => text.includes("retry: "));
    fabric.commit();
    fabric.commit();
    const text = await stream.until(has(4));
    expect(ids(text)).toEqual([3, 4]);
    const data = /^data: (.*)$/m.exec(text)?.[1] ?? "";
    expect(JSON.parse(data)).toMatchObject({ feed: "xau-usd", round: 3 });
    expect(text).toContain("event: round\n");
    stream.leave();
  });

  it("resumes after Last-Event-ID, or after the query, without a gap", async () => {
    const fabric = createFakeFabric(5);
    const { url } = await start(fabric);
    const byHeader = await listen(url, { "last-event-id": "3" });
    const byQuery = await listen(`${url}?after=0`);
    const both = await listen(`${url}?after=0`, { "last-event-id": "4" });
    expect(ids(await byHeader.until(has(5)))).toEqual([4, 5]);
    expect(ids(await byQuery.until(has(5)))).toEqual([1, 2, 3, 4, 5]);
    expect(ids(await both.until(has(5)))).toEqual([5]);
    fabric.commit();
    expect(ids(await byHeader.until(has(6)))).toEqual([4, 5, 6]);
    for (const stream of [byHeader, byQuery, both]) stream.leave();
  });

  it("refuses a Last-Event-ID that is no round", async () => {
    const { url } = await start(createFakeFabric());
    for (const id of ["x", "-1", "1.5", "99999999999999999999"]) {
      const response = await fetch(url, { headers: { "last-event-id": id } });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain("headers.last-event-id");
    }
  });

  it("sends comments while nothing happens", async () => {
    const { url } = await start(createFakeFabric(), { heartbeatMs: 5 });
    const stream = await listen(url);
    const text = await stream.until((seen) => seen.split(":\n\n").length > 3);
    expect(ids(text)).toEqual([]);
    stream.leave();
  });

  it("ends with the API, which waits for it", async () => {
    const fabric = createFakeFabric();
    const { api, url } = await start(fabric);
    const stream = await listen(url);
    await stream.until((text) => text.includes("retry: "));
    fabric.commit();
    await stream.until(has(1));
    await api.close();
    expect(ids(await stream.rest())).toEqual([1]);
  });

  it("bounds the streams and frees a place when a reader leaves", async () => {
    const fabric = createFakeFabric();
    const { url } = await start(fabric, { streams: 1 });
    const first = await listen(url);
    await first.until((text) => text.includes("retry: "));
    const refused = await fetch(url);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.text()).toContain("API_STREAMS_EXHAUSTED");
    first.leave();
    let status = 503;
    while (status === 503) {
      const response = await fetch(url);
      ({ status } = response);
      await response.body?.cancel();
    }
    expect(status).toBe(200);
  });

  it("gives no place to a reader who hung up before the stream began", async () => {
    const fabric = createFakeFabric();
    const { get } = fabric.feeds;
    const doors = new EventEmitter();
    const isGone = once(doors, "gone");
    const isAsked = once(doors, "asked");
    const slow: typeof get = async (id) => {
      doors.emit("asked");
      await isGone;
      return await get(id);
    };
    const { url } = await start(
      { ...fabric, feeds: { ...fabric.feeds, get: slow } },
      { streams: 1, stallMs: 60_000 },
    );
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await isAsked;
    socket.resetAndDestroy();
    // The server hears of it before it answers what is asked afterwards on another connection.
    for (let i = 0; i < 2; i += 1) await (await fetch(new URL("/live", url))).text();
    doors.emit("gone");
    const stream = await listen(url);
    expect(stream.response.status).toBe(200);
    stream.leave();
  });

  it("cuts a reader off that takes nothing, and holds one event for it meanwhile", async () => {
    const fabric = createFakeFabric();
    let asked = 0;
    const source = new EventEmitter();
    const gone = once(source, "gone");
    const big = "x".repeat(1_000_000);
    fabric.feeds.watch = async function* (_feed, { signal }) {
      try {
        while (!signal.aborted) {
          asked += 1;
          yield { ...fabric.commit(), value: big };
        }
      } finally {
        source.emit("gone");
      }
    };
    const { url } = await start(fabric, { stallMs: 50 });
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.pause();
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await gone;
    // What the socket and the kernel took; far from what an endless source could have filled memory with.
    expect(asked).toBeLessThan(60);
    socket.destroy();
  });

  it("ends with a coded event when the source fails", async () => {
    const fabric = createFakeFabric();
    fabric.feeds.watch = async function* () {
      yield fabric.commit();
      throw new Error("lost the database");
    };
    const { url } = await start(fabric);
    const stream = await listen(url);
    const text = await stream.rest();
    expect(ids(text)).toEqual([1]);
    expect(text).toMatch(/event: error\ndata: \{"error":\{"code":"INTERNAL"/);
  });
});
