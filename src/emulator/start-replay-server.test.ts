import { get, request as httpsRequest } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  startReplayServer,
  type ReplayAnswer,
  type ReplayRequest,
  type ReplayServer,
} from "./start-replay-server.ts";

const answers = new Map<string, ReplayAnswer>();
const missing: ReplayRequest[] = [];
let server: ReplayServer;

beforeAll(async () => {
  server = await startReplayServer({
    answer: ({ method, url }) => answers.get(`${method} ${url}`) ?? null,
    onMissing: (asked) => void missing.push(asked),
  });
});
afterAll(() => server.close());

const trusting = (host: string) => ({
  host: server.address,
  port: server.port,
  servername: host,
  ca: server.caPem,
  headers: { host },
  agent: false as const,
});

const ask = (host: string, path: string): Promise<{ status: number; type: string; body: string }> =>
  new Promise((resolve, reject) => {
    get({ ...trusting(host), path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          body,
        }),
      );
    }).on("error", reject);
  });

const post = (host: string, path: string, type: string, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { host, "content-type": type };
    const sent = httpsRequest({ ...trusting(host), path, method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
    });
    sent.on("error", reject);
    sent.end(body);
  });

describe("startReplayServer", () => {
  it.each([{}, { date: "Sun, 10 May 2026 12:00:00 GMT" }])(
    "tells no time but that of the recording (%j)",
    async (headers) => {
      answers.set("GET https://clock.example/", { status: 200, body: "{}", headers });
      const date = await new Promise((resolve, reject) => {
        get({ ...trusting("clock.example"), path: "/" }, (response) => {
          response.resume();
          resolve(response.headers.date);
        }).on("error", reject);
      });
      expect(date).toBe(headers.date);
    },
  );

  it("answers under the host's own name, query included, as it was recorded", async () => {
    answers.set("GET https://api.grid.example/price?zone=de", {
      status: 203,
      headers: { "content-type": "text/csv", "content-length": "1" },
      body: "-12.40\n",
    });
    expect(await ask("api.grid.example", "/price?zone=de")).toEqual({
      status: 203,
      type: "text/csv",
      body: "-12.40\n",
    });
  });

  it("says of what it was not told, and answers 404", async () => {
    const { status } = await ask("api.grid.example", "/other");
    expect(status).toBe(404);
    expect(missing).toContainEqual({ method: "GET", url: "https://api.grid.example/other" });
  });

  it("ends the connection where a request had failed", async () => {
    answers.set("GET https://down.example/", { error: "HTTP_UNREACHABLE" });
    await expect(ask("down.example", "/")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("waits where a request had timed out, until the client gives up", async () => {
    answers.set("GET https://slow.example/", { error: "HTTP_TIMEOUT" });
    const waiting = new Promise<string>((resolve) => {
      const sent = get({ ...trusting("slow.example"), path: "/" }, () => resolve("answered"));
      sent.on("error", (error) => resolve(error.message));
      sent.on("finish", () => sent.destroy(new Error("given up")));
    });
    expect(await waiting).toBe("given up");
  });

  it("makes up an access token, and nothing else that is posted", async () => {
    const form = "application/x-www-form-urlencoded";
    const token = await post("login.example", "/token", form, "grant_type=client_credentials");
    expect(token).toMatch(/^200 .*"token_type":"Bearer"/);
    expect(await post("login.example", "/token", form, "a=1")).toMatch(/^404 /);
    expect(await post("login.example", "/token", "application/json", '{"grant_type":1}')).toMatch(
      /^404 /,
    );
  });

  it("has a certificate that nobody else trusts and that says what it is", async () => {
    const seen = await new Promise<{ authorized: boolean; name: unknown }>((resolve, reject) => {
      const socket = connect({
        host: server.address,
        port: server.port,
        servername: "api.grid.example",
        rejectUnauthorized: false,
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        resolve({
          authorized: socket.authorized,
          name: socket.getPeerCertificate().subject.CN,
        });
        socket.destroy();
      });
    });
    expect(seen).toEqual({ authorized: false, name: "EMULATOR - NOT A REAL PROVIDER" });
  });

  it.each(["localhost", "..", "a b.example", `${"a".repeat(64)}.example`, "*.example"])(
    "makes no certificate for %s",
    async (name) => {
      const outcome = new Promise((resolve) => {
        const socket = connect({
          host: server.address,
          port: server.port,
          ca: server.caPem,
          // A name that is none is sent all the same.
          servername: name,
        });
        socket.once("error", () => resolve("refused"));
        socket.once("secureConnect", () => resolve("connected"));
      });
      expect(await outcome).toBe("refused");
    },
  );
});
