import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import { encode } from "cborg";
import { describe, expect, onTestFinished, test } from "vitest";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import { createNitroFixture } from "../../test/support/nitro-fixture.ts";
import {
  createPlatformFixture,
  PLATFORM_AT,
} from "../../test/support/simulated-platform-fixture.ts";
import {
  type Quoting,
  simulateConfigfsTsm,
  simulateGramine,
} from "../../test/support/tee-folders.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createQuoteProvider } from "./create-quote-provider.ts";
import type { QuoteProvider } from "./quote-provider.ts";
import { createSimQuoteProvider } from "./sim-quote-provider.ts";
import { digestSchema } from "../../src/core/ids.ts";

const { platform } = createPlatformFixture();
const failed = { code: "QUOTE_PROVIDER_FAILED" };
const digest = (byte: string) => digestSchema.parse(`sha256:${byte.repeat(32)}`);

const sgxQuote: Quoting = (reportData) =>
  platform.quote(
    {
      tee: "sgx",
      debug: false,
      reportData,
      mrenclave: new Uint8Array(32),
      mrsigner: new Uint8Array(32),
      configId: new Uint8Array(0),
      prodId: 0,
      svn: 0,
    },
    PLATFORM_AT,
  );
const tdxQuote: Quoting = (reportData) =>
  platform.quote(
    {
      tee: "tdx",
      debug: false,
      reportData,
      mrConfigId: new Uint8Array(0),
      rtmr3: new Uint8Array(48),
    },
    PLATFORM_AT,
  );
/** A report's form alone: the AMD part is verified elsewhere. */
const snpReport: Quoting = (reportData) => {
  const bytes = new Uint8Array(1_184);
  bytes.set(reportData, 80);
  return bytes;
};

const configfs = (
  options: Omit<Parameters<typeof simulateConfigfsTsm>[1], "provider"> & { provider?: string },
) => {
  const directory = temporaryFolder();
  onTestFinished(simulateConfigfsTsm(directory, { provider: "tdx_guest", ...options }));
  return createQuoteProvider({ provider: "configfs-tsm", directory });
};
const gramine = (answer: Quoting, type?: string) => {
  const directory = temporaryFolder();
  onTestFinished(simulateGramine(directory, answer, type));
  return createQuoteProvider({ provider: "gramine", directory });
};
/** A helper beside /dev/nsm that answers each message with what `answer` makes of it. */
const nitro = (answer: (question: Uint8Array, socket: Socket) => Uint8Array | null) => {
  const socket = path.join(temporaryFolder(), "nsm.sock");
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.once("data", (bytes: Buffer) => {
      expect(bytes.readUInt32BE()).toBe(bytes.length - 4);
      const reply = answer(bytes.subarray(4), connection);
      if (!reply) return;
      const head = Buffer.alloc(4);
      head.writeUInt32BE(reply.length);
      // In two pieces, as a socket may deliver them.
      connection.write(Buffer.concat([head, reply.subarray(0, 5)]));
      connection.end(reply.subarray(5));
    });
  });
  onTestFinished(() => void server.close());
  return new Promise<QuoteProvider>((resolve) => {
    server.listen(socket, () => resolve(createQuoteProvider({ provider: "nitro", socket })));
  });
};
const nitroFixture = createNitroFixture();
const nsm = (reportData: Uint8Array) =>
  nitro(() =>
    encode({ Attestation: { document: nitroFixture.document({ user_data: reportData }) } }),
  );
const sim = createSimQuoteProvider(
  platform,
  {
    tee: "sgx",
    measured: {
      measurement: digest("01"),
      host: digest("02"),
      launch: `sha384:${"03".repeat(48)}`,
    },
    mrsigner: "00".repeat(32),
    prodId: 0,
    svn: 0,
    configId: digest("04"),
    debug: false,
  },
  { now: () => PLATFORM_AT },
);

test.each([
  ["sim", "sgx", () => sim],
  ["configfs-tsm", "tdx", () => configfs({ answer: tdxQuote })],
  ["configfs-tsm", "sev-snp", () => configfs({ answer: snpReport, provider: "sev_guest" })],
  ["gramine", "sgx", () => gramine(sgxQuote)],
  ["nitro", "nitro", (reportData: Uint8Array) => nsm(reportData)],
] as const)("%s gives evidence of %s over exactly the report data", async (name, tee, make) => {
  const reportData = new Uint8Array(randomBytes(64));
  const provider = await make(reportData);
  const { bytes, ...evidence } = await provider.getEvidence(reportData);
  expect([provider.name, evidence.tee]).toEqual([name, tee]);
  expect(Buffer.from(bytes).includes(Buffer.from(reportData))).toBe(true);
  expect(evidence.type).toMatch(/^application\/vnd\./);
});

describe("configfs-tsm", () => {
  test("answers questions that come at once, each with its own entry", async () => {
    const provider = configfs({ answer: tdxQuote });
    const asked = Array.from({ length: 5 }, () => new Uint8Array(randomBytes(64)));
    const answers = await Promise.all(asked.map((data) => provider.getEvidence(data)));
    for (const [index, { bytes }] of answers.entries())
      expect(bytes.slice(568, 632)).toEqual(asked[index]);
  });
  test("hands on the certificates of the hypervisor", async () => {
    const certificate = Uint8Array.from([0x30, 0x03, 0x02, 0x01, 0x07]);
    const table = Buffer.alloc(3 * 24 + certificate.length);
    Buffer.from("63da758de6644564adc5f4b93be8accd", "hex").copy(table, 0);
    table.writeUInt32LE(72, 16);
    table.writeUInt32LE(certificate.length, 20);
    // A kind that nobody knows is passed over.
    table.fill(0xee, 24, 40);
    table.set(certificate, 72);
    const options = { answer: snpReport, provider: "sev_guest" };
    const good = await configfs({ ...options, auxblob: table }).getEvidence(new Uint8Array(64));
    expect(good.collateral).toEqual({ certificates: ["MAMCAQc="], crls: [] });
    expect(decodeBase64("MAMCAQc=")).toEqual(certificate);
    table.writeUInt32LE(9_999, 20);
    for (const auxblob of [table, new Uint8Array(0), table.subarray(0, 20)]) {
      const { collateral } = await configfs({ ...options, auxblob }).getEvidence(
        new Uint8Array(64),
      );
      expect(collateral).toBeNull();
    }
  });
  test("takes no report that another write made, no report of other data, nothing else", async () => {
    const data = new Uint8Array(64).fill(1);
    for (const options of [
      { answer: tdxQuote, foreignWrites: 1 },
      { answer: () => tdxQuote(new Uint8Array(64)) },
      { answer: tdxQuote, provider: "sev_guest" },
      { answer: tdxQuote, provider: "something_else" },
      { answer: tdxQuote, provider: "constructor" },
      { answer: () => new Uint8Array(40_000) },
      { answer: () => Uint8Array.from([1, 2, 3]) },
    ])
      await expect(configfs(options).getEvidence(data)).rejects.toMatchObject(failed);
  });
  test("says so where the machine has no such interface", async () => {
    const directory = path.join(temporaryFolder(), "nowhere");
    const provider = createQuoteProvider({ provider: "configfs-tsm", directory });
    await expect(provider.getEvidence(new Uint8Array(64))).rejects.toMatchObject(failed);
  });
  test("ends with its caller", async () => {
    const directory = temporaryFolder();
    const provider = createQuoteProvider({ provider: "configfs-tsm", directory });
    const controller = new AbortController();
    const asked = provider.getEvidence(new Uint8Array(64), { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toThrow(/abort/i);
  });
});

describe("gramine", () => {
  test("answers questions that come at once one after the other", async () => {
    const provider = gramine(sgxQuote);
    const asked = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(64)));
    const answers = await Promise.all(asked.map((data) => provider.getEvidence(data)));
    for (const [index, { bytes }] of answers.entries())
      expect(bytes.slice(368, 432)).toEqual(asked[index]);
  });
  test("is refused where Gramine attests in another way or not at all", async () => {
    for (const type of ["none", "epid"])
      await expect(gramine(sgxQuote, type).getEvidence(new Uint8Array(64))).rejects.toMatchObject(
        failed,
      );
    const directory = temporaryFolder();
    const provider = createQuoteProvider({ provider: "gramine", directory });
    await expect(provider.getEvidence(new Uint8Array(64))).rejects.toMatchObject(failed);
  });
  test("takes no quote that is too long", async () => {
    const directory = temporaryFolder();
    mkdirSync(directory, { recursive: true });
    for (const [name, content] of [
      ["attestation_type", "dcap"],
      ["user_report_data", "x".repeat(64)],
      ["quote", "x".repeat(40_000)],
    ] as const)
      writeFileSync(path.join(directory, name), content);
    const provider = createQuoteProvider({ provider: "gramine", directory });
    await expect(provider.getEvidence(new Uint8Array(64))).rejects.toMatchObject(failed);
  });
});

describe("nitro", () => {
  const data = new Uint8Array(64).fill(1);
  test("asks as the device is asked", async () => {
    let question: Uint8Array = new Uint8Array();
    const provider = await nitro((asked) => {
      question = new Uint8Array(asked);
      return encode({ Attestation: { document: nitroFixture.document({ user_data: data }) } });
    });
    await provider.getEvidence(data);
    expect(question).toEqual(
      encode({ Attestation: { user_data: data, nonce: null, public_key: null } }),
    );
  });
  test.each([
    ["an error of the device", () => encode({ Error: "InvalidArgument" })],
    ["no document", () => encode({ Attestation: {} })],
    ["something else", () => encode(["x"])],
    ["no CBOR", () => Uint8Array.from([0xff, 0xff])],
    [
      "a document of other data",
      () =>
        encode({
          Attestation: { document: nitroFixture.document({ user_data: new Uint8Array(64) }) },
        }),
    ],
    [
      "a document without data",
      () => encode({ Attestation: { document: nitroFixture.document() } }),
    ],
  ])("takes no answer that is %s", async (_what, answer) => {
    const provider = await nitro(answer);
    await expect(provider.getEvidence(data)).rejects.toMatchObject({
      code: expect.stringMatching(/^(QUOTE_PROVIDER_FAILED|EVIDENCE_MALFORMED)$/),
    });
  });
  test("takes no answer that is longer than the device gives, and none that is cut off", async () => {
    for (const head of [0x4000, 0x100]) {
      const provider = await nitro((_question, socket) => {
        const bytes = Buffer.alloc(8);
        bytes.writeUInt32BE(head);
        socket.end(bytes);
        return null;
      });
      await expect(provider.getEvidence(data)).rejects.toMatchObject(failed);
    }
  });
  test("says so where nobody listens, and ends with its caller", async () => {
    const socket = path.join(temporaryFolder(), "nobody.sock");
    const provider = createQuoteProvider({ provider: "nitro", socket });
    await expect(provider.getEvidence(data)).rejects.toMatchObject(failed);
    const silent = await nitro(() => null);
    const controller = new AbortController();
    const asked = silent.getEvidence(data, { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toMatchObject(failed);
  });
});
