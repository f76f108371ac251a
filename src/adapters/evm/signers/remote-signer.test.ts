import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCertificates } from "../../../../test/support/certificates.ts";
import {
  startSigningService,
  type Interference,
} from "../../../../test/support/signing-service.ts";
import { ANVIL_SECRETS } from "../../../../test/support/test-chain.ts";
import { bytesToHex } from "../../../crypto/bytes.ts";
import { createTransactionSigner, signTransaction } from "../transaction-signer.ts";
import { createRemoteSigner, type RemoteSignerOptions } from "./remote-signer.ts";

const [SECRET, OTHER] = ANVIL_SECRETS;
const local = createTransactionSigner(SECRET);
const message = new Uint8Array([1, 2, 3]);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const remote = (url: string, change: Partial<RemoteSignerOptions> = {}) =>
  createRemoteSigner({
    url,
    address: local.address,
    identifier: null,
    token: null,
    caPem: null,
    certificatePem: null,
    keyPem: null,
    timeoutMs: 2_000,
    ...change,
  });
const answering =
  (text: string, status = 200): Interference =>
  (request, response) => {
    if (request.method === "GET") return false;
    response.writeHead(status).end(text);
    return true;
  };
const failing = async (url: string, change?: Partial<RemoteSignerOptions>) =>
  await remote(url, change)
    .sign(message)
    .catch((error: unknown) => error);

describe("a remote signer", () => {
  it("signs transactions byte for byte like the key itself", async () => {
    const service = await startSigningService([OTHER, SECRET]);
    const signer = remote(service.url);
    const fields = { type: 2, chainId: 1, to: local.address, nonce: 7, maxFeePerGas: 9n };
    expect(await signTransaction(fields, signer)).toEqual(await signTransaction(fields, local));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await signer.sign(bytes)).toEqual(await local.sign(bytes));
      }),
      { numRuns: 10 },
    );
    // The key is looked up once.
    expect(service.seen.filter(({ request }) => request.startsWith("GET"))).toHaveLength(1);
  });

  it("is asked for the key that is named, below the path of its URL, with its token", async () => {
    const service = await startSigningService([SECRET], { token: "hush" });
    service.interfere((request, response) => {
      if (!request.url?.startsWith("/vault/")) return false;
      response.writeHead(307, { location: request.url.slice("/vault".length) }).end();
      return true;
    });
    const named = { identifier: "host key/1", token: "hush" };
    // It is not led elsewhere.
    expect(await failing(`${service.url}/vault`, named)).toMatchObject({
      code: "CHAIN_SIGNER_REFUSED",
    });
    expect(service.seen).toEqual([
      { request: "POST /vault/api/v1/eth1/sign/host%20key%2F1", authorization: "Bearer hush" },
    ]);
    expect(await remote(service.url, { token: "hush" }).sign(message)).toEqual(
      await local.sign(message),
    );
  });

  it("brings the upper form of s down and v up, as nodes want them", async () => {
    const service = await startSigningService([SECRET]);
    const hex = bytesToHex(await local.sign(message));
    const s = ORDER - BigInt(`0x${hex.slice(64, 128)}`);
    const flipped = hex.endsWith("1b") ? "01" : "00";
    const upper = `0x${hex.slice(0, 64)}${s.toString(16).padStart(64, "0")}${flipped}`;
    for (const text of [upper, `"${upper}"`, `${upper}\n`]) {
      service.interfere(answering(text));
      expect(await remote(service.url).sign(message)).toEqual(await local.sign(message));
    }
  });

  it("speaks TLS with both certificates", async () => {
    const tls = createCertificates();
    const service = await startSigningService([SECRET], { tls });
    const own = { caPem: tls.ca, certificatePem: tls.cert, keyPem: tls.key };
    expect(await remote(service.url, own).sign(message)).toEqual(await local.sign(message));
    const unreachable = { code: "CHAIN_SIGNER_UNREACHABLE" };
    const stranger = createCertificates();
    expect(await failing(service.url, { caPem: tls.ca })).toMatchObject(unreachable);
    expect(await failing(service.url, { ...own, caPem: stranger.ca })).toMatchObject(unreachable);
    expect(await failing(service.url, { ...own, caPem: null })).toMatchObject(unreachable);
    const foreign = { caPem: tls.ca, certificatePem: stranger.cert, keyPem: stranger.key };
    expect(await failing(service.url, foreign)).toMatchObject(unreachable);
  }, 30_000);
});

describe("a signer that does not sign", () => {
  it.each([408, 429, 500, 502, 503])("is asked again after %i", async (status) => {
    const service = await startSigningService([SECRET]);
    service.interfere(answering("busy", status));
    expect(await failing(service.url)).toMatchObject({ code: "CHAIN_SIGNER_UNREACHABLE" });
  });

  it.each([204, 301, 400, 401, 403, 404, 412])("has said so with %i", async (status) => {
    const service = await startSigningService([SECRET]);
    service.interfere(answering("", status));
    expect(await failing(service.url)).toMatchObject({ code: "CHAIN_SIGNER_REFUSED" });
  });

  it("is refused a wrong token and a key that it does not have", async () => {
    const service = await startSigningService([OTHER], { token: "hush" });
    for (const change of [
      { token: "wrong" },
      { token: "hush" },
      { token: "hush", identifier: "x" },
    ])
      expect(await failing(service.url, change)).toMatchObject({ code: "CHAIN_SIGNER_REFUSED" });
  });

  it("hangs, hangs up, drips or is not there, and no secret of its URL shows", async () => {
    const service = await startSigningService([SECRET]);
    const ways: readonly Interference[] = [
      () => true,
      (_, response) => {
        response.destroy();
        return true;
      },
      (_, response) => {
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(timer));
        return true;
      },
    ];
    const url = service.url.replace("http://", "http://user:hidden@");
    for (const way of ways) {
      service.interfere(way);
      const failure = await failing(`${url}/hidden-path`, { timeoutMs: 150, identifier: "x" });
      expect(failure).toMatchObject({ code: "CHAIN_SIGNER_UNREACHABLE" });
      expect(JSON.stringify(failure) + String(failure)).not.toContain("hidden");
    }
    expect(service.seen[0]?.authorization).toMatch(/^Basic /);
    expect(await failing("http://127.0.0.1:1")).toMatchObject({ code: "CHAIN_SIGNER_UNREACHABLE" });
  });

  it("is let go when told to", async () => {
    const service = await startSigningService([SECRET]);
    const controller = new AbortController();
    const reason = new Error("enough");
    service.interfere(() => {
      controller.abort(reason);
      return true;
    });
    const { signal } = controller;
    await expect(remote(service.url).sign(message, { signal })).rejects.toBe(reason);
  });
});

describe("a hostile signer", () => {
  it("cannot make us send what the account did not sign", async () => {
    const service = await startSigningService([SECRET]);
    const stranger = bytesToHex(await createTransactionSigner(OTHER).sign(message));
    const elsewhere = bytesToHex(await local.sign(new Uint8Array([9])));
    const answers = [
      `0x${stranger}`,
      `0x${elsewhere}`,
      `0x${"00".repeat(65)}`,
      `0x${"ff".repeat(65)}`,
      `0x${bytesToHex(await local.sign(message)).slice(0, 128)}1d`,
      "0x",
      "",
      "<html>",
      "null",
      '{"signature":"0x"}',
    ];
    for (const text of answers) {
      service.interfere(answering(text));
      expect(await failing(service.url)).toMatchObject({ code: "CHAIN_SIGNER_WRONG" });
    }
  });

  it("cannot fill our memory", async () => {
    const service = await startSigningService([SECRET]);
    service.interfere((_, response) => {
      const chunk = Buffer.alloc(1 << 20, 0x20);
      const push = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", push);
      push();
      return true;
    });
    for (const identifier of [null, "x"])
      expect(await failing(service.url, { identifier })).toMatchObject({
        code: "CHAIN_SIGNER_UNREACHABLE",
        arguments: { reason: "ANSWER_TOO_LARGE" },
      });
  });

  it("cannot confuse us by its list of keys", async () => {
    const service = await startSigningService([SECRET]);
    const lists = ["{}", "[1]", '["0x00"]', "junk"];
    for (const list of lists) {
      service.interfere((_, response) => {
        response.end(list);
        return true;
      });
      expect(await failing(service.url)).toMatchObject({ code: "CHAIN_SIGNER_WRONG" });
    }
    service.interfere((_, response) => {
      response.end(JSON.stringify([`0x${"00".repeat(64)}`]));
      return true;
    });
    expect(await failing(service.url)).toMatchObject({ code: "CHAIN_SIGNER_REFUSED" });
  });
});
