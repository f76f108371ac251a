import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { HttpExchange } from "../../enclave-sim/capabilities/http/http-capability.ts";
import { startProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOST = "api.kraken.com";
const PATH = "/0/public/Ticker?pair=PAXGUSD";

/** A server that stands for the real one: the process that asks trusts its authority as a system root, or does not. */
const ask = async (trusted: boolean): Promise<HttpExchange> => {
  const server = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
  onTestFinished(() => server.close());
  const authority = path.join(temporaryFolder(), "authority.pem");
  writeFileSync(authority, server.caPem);
  expect(new X509Certificate(server.caPem).ca).toBe(true);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      path.resolve("test/support/live-request.mjs"),
      path.resolve("dist"),
      HOST,
      String(server.port),
      PATH,
    ],
    {
      env: {
        PATH: process.env["PATH"],
        ...(trusted ? { NODE_EXTRA_CA_CERTS: authority } : {}),
      },
    },
  );
  return JSON.parse(stdout) as HttpExchange;
};

test("a live source is asked under the system's roots, and its provenance says LIVE, key and body", async () => {
  const { answer, provenance } = await ask(true);
  if (!answer.ok) throw new Error(answer.error.code);
  expect(answer).toMatchObject({ mode: "LIVE", status: 200 });
  const digest = createHash("sha256").update(answer.body).digest("hex");
  expect(provenance).toMatchObject({
    mode: "LIVE",
    status: 200,
    responseDigest: `sha256:${digest}`,
    tls: {
      spkiSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      protocol: "TLSv1.3",
    },
  });
});

test("a live source whose certificate no system root signed is refused", async () => {
  const { answer, provenance } = await ask(false);
  expect(answer).toMatchObject({ ok: false, error: { code: "HTTP_TLS_REFUSED" } });
  expect(provenance).toMatchObject({ mode: "LIVE", status: null, responseDigest: null });
});
