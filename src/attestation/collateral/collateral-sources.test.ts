import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { haveSharedEvidence, readSharedEvidence } from "../../../test/support/shared-evidence.ts";
import { createSnpFixture } from "../../../test/support/snp-fixture.ts";
import { startTlsServer, type TlsServer } from "../../../test/support/tls-server.ts";
import { appraise } from "../appraise.ts";
import { HARDWARE_ANCHORS } from "../hardware-anchors.ts";
import { createAmdKdsCollateralSource } from "./amd-kds-collateral-source.ts";
import { type DcapCollateral, dcapCollateralSchema } from "./collateral.ts";
import { createIntelPcsCollateralSource } from "./intel-pcs-collateral-source.ts";

const { signal } = new AbortController();
const snp = createSnpFixture();

type Answer = (response: ServerResponse) => void;
/** What the server answers by path; anything else is 404. Tests replace entries and put them back. */
const answers = new Map<string, Answer>();
let server: TlsServer;

beforeAll(async () => {
  server = await startTlsServer((request, response) => {
    const answer = answers.get(request.url ?? "");
    if (answer) return answer(response);
    response.statusCode = 404;
    response.end();
  });
});
afterAll(() => server.close());

const at = () => ({ baseUrl: `https://localhost:${server.port}`, ca: server.caPem });
const codeAndReason = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.then(
    () => ({ code: "none" }),
    (cause: unknown) => cause as { code: string },
  );
  return error.code;
};

describe.runIf(haveSharedEvidence("Intel PCS source"))("Intel's PCS, version 4", () => {
  const CASE = ["cases", "phala-tdx"];
  const quote = readSharedEvidence(...CASE, "quote.bin");
  const collateral: DcapCollateral = dcapCollateralSchema.parse(
    JSON.parse(Buffer.from(readSharedEvidence(...CASE, "collateral.json")).toString("utf8")),
  );
  const send =
    (body: string | Buffer, header?: string, chain?: string): Answer =>
    (response) => {
      if (header !== undefined) response.setHeader(header, encodeURIComponent(chain ?? ""));
      response.end(body);
    };
  const signed = (member: string, text: string, signature: string) =>
    `{"${member}":${text},"signature":"${signature}"}`;
  const TCB = "/tdx/certification/v4/tcb?fmspc=b0c06f000000";

  beforeAll(() => {
    const c = collateral;
    answers.set(
      TCB,
      send(
        signed("tcbInfo", c.tcb_info, c.tcb_info_signature),
        "TCB-Info-Issuer-Chain",
        c.tcb_info_issuer_chain,
      ),
    );
    answers.set(
      "/tdx/certification/v4/qe/identity",
      send(
        signed("enclaveIdentity", c.qe_identity, c.qe_identity_signature),
        "SGX-Enclave-Identity-Issuer-Chain",
        c.qe_identity_issuer_chain,
      ),
    );
    answers.set(
      "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
      send(Buffer.from(c.pck_crl, "hex"), "SGX-PCK-CRL-Issuer-Chain", c.pck_crl_issuer_chain),
    );
    answers.set("/sgx/certification/v4/rootcacrl", send(c.root_ca_crl));
  });

  test("gives collateral, byte for byte, under which the quote is judged as with a file", async () => {
    const source = createIntelPcsCollateralSource(at());
    const fetched = await source.fetch({ tee: "tdx", bytes: quote }, { signal });
    expect(fetched).toEqual(collateral);
    const result = appraise(
      { tee: "tdx", bytes: quote },
      {
        policy: null,
        anchors: HARDWARE_ANCHORS,
        collateral: fetched,
        at: Date.parse("2025-07-01T00:00:00Z"),
      },
    );
    expect([result.ok, result.tcbStatus, result.simulated]).toEqual([true, "UpToDate", false]);
  });

  test("has nothing for evidence of other vendors", async () => {
    const source = createIntelPcsCollateralSource(at());
    expect(await source.fetch({ tee: "nitro", bytes: quote }, { signal })).toBeNull();
  });

  test.each<[string, Answer]>([
    ["no such platform", (response) => response.writeHead(404).end()],
    ["an error", (response) => response.writeHead(500).end("{}")],
    ["another place", (response) => response.writeHead(302, { location: "/other" }).end()],
    ["no issuer chain", (response) => response.end('{"tcbInfo":{},"signature":""}')],
    ["no JSON", send("<html>", "TCB-Info-Issuer-Chain", "x")],
    [
      "a header that is no text",
      (response) => response.setHeader("TCB-Info-Issuer-Chain", "%ff").end("{}"),
    ],
    ["an endless answer", (response) => response.end(Buffer.alloc(3_000_000, 0x20))],
    ["silence", (response) => response.destroy()],
  ])("%s is unavailable and no collateral", async (_name, answer) => {
    const before = answers.get(TCB);
    answers.set(TCB, answer);
    const source = createIntelPcsCollateralSource(at());
    const code = await codeAndReason(source.fetch({ tee: "tdx", bytes: quote }, { signal }));
    expect(code).toBe("COLLATERAL_UNAVAILABLE");
    if (before) answers.set(TCB, before);
  });

  test("a quote that cannot be read is not asked for, and an abort ends the wait", async () => {
    const source = createIntelPcsCollateralSource(at());
    const asked = server.seen.length;
    const junk = source.fetch({ tee: "tdx", bytes: new Uint8Array(600) }, { signal });
    expect(await codeAndReason(junk)).toBe("QUOTE_MALFORMED");
    expect(server.seen.length).toBe(asked);
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(source.fetch({ tee: "tdx", bytes: quote }, { signal: gone })).rejects.toThrow(
      "gone",
    );
  });

  test("a server under an authority that nobody believes is not read", async () => {
    const { baseUrl } = at();
    const source = createIntelPcsCollateralSource({ baseUrl });
    expect(await codeAndReason(source.fetch({ tee: "tdx", bytes: quote }, { signal }))).toBe(
      "COLLATERAL_UNAVAILABLE",
    );
  });
});

test.each(["http://localhost", "https://user@localhost", "https://localhost/path", "nowhere"])(
  "%s is no address of a service",
  (baseUrl) => {
    for (const create of [createIntelPcsCollateralSource, createAmdKdsCollateralSource])
      expect(() => create({ baseUrl })).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
  },
);

describe("AMD's KDS", () => {
  const pem = (der: Uint8Array): string => {
    const lines =
      Buffer.from(der)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  };
  const chip = "c1".repeat(64);
  const VCEK = `/vcek/v1/Milan/${chip}?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115`;
  beforeAll(() => {
    answers.set(VCEK, (response) => response.end(snp.vekDer));
    answers.set("/vcek/v1/Milan/cert_chain", (response) =>
      response.end(pem(snp.askDer) + pem(snp.anchor.certificate)),
    );
    answers.set("/vcek/v1/Milan/crl", (response) => response.end(snp.crlDer));
  });
  const options = (collateral: unknown) => ({
    policy: null,
    anchors: [{ ...snp.anchor, simulated: false }],
    collateral,
    at: snp.at,
  });

  test.each([2, 3])("gives a report of version %i what it is judged by", async (version) => {
    const bytes = snp.report((report) => report.writeUInt32LE(version, 0));
    const source = createAmdKdsCollateralSource(at());
    const collateral = await source.fetch({ tee: "sev-snp", bytes }, { signal });
    expect(appraise({ tee: "sev-snp", bytes }, options(collateral)).ok).toBe(true);
    expect(await source.fetch({ tee: "tdx", bytes }, { signal })).toBeNull();
  });

  test("knows nothing of other TCB versions, other chips and cloud keys", async () => {
    const source = createAmdKdsCollateralSource(at());
    const cases: readonly Uint8Array[] = [
      snp.report((report) => report.writeUInt8(116, 0x187)),
      snp.report((report) => report.fill(0xc2, 0x1a0, 0x1e0)),
      snp.report((report) => report.writeUInt32LE(1 << 2, 0x48)),
    ];
    for (const bytes of cases)
      expect(await codeAndReason(source.fetch({ tee: "sev-snp", bytes }, { signal }))).toBe(
        "COLLATERAL_UNAVAILABLE",
      );
    answers.delete("/vcek/v1/Milan/crl");
    const bytes = snp.report();
    expect(await codeAndReason(source.fetch({ tee: "sev-snp", bytes }, { signal }))).toBe(
      "COLLATERAL_UNAVAILABLE",
    );
  });
});
