import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { SecretBroker } from "../../enclave-sim/host/secret-broker.ts";
import { createRunId } from "../../src/core/ids.ts";
import { EMULATOR_CREDENTIALS } from "../../src/emulator/crm-providers.ts";
import type { ReleaseAnswer, ReleaseRequest } from "../../src/key-broker/protocol.ts";
import { CRM_PARAMETERS, openBrokerStage, type BrokerStage } from "../support/broker-stage.ts";

const { accessToken } = EMULATOR_CREDENTIALS;
let folder: string;
let stage: BrokerStage;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-broker-"));
  stage = await openBrokerStage(folder);
  await stage.put("hubspot-token", accessToken);
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (cryptlet: LoadedCryptlet) =>
  cryptlet.run(
    { id: "t", kind: "manual", feed: "crm-record", parameters: CRM_PARAMETERS, at: Date.now() },
    { runId: createRunId() },
  );
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );

describe("an enclave that fetches its secrets", () => {
  it("uses them towards the CRM, while the host carries ciphertext alone", async () => {
    const seen: string[] = [];
    const carried: SecretBroker = {
      challenge: (options) => stage.client.challenge(options),
      release: async (request, options) => {
        seen.push(JSON.stringify(request));
        const answer = await stage.client.release(request, options);
        seen.push(JSON.stringify(answer));
        return answer;
      },
    };
    const loaded = await stage.enclave.load(
      stage.cryptlet,
      {
        ...stage.options,
        brokerSecrets: { HUBSPOT_ACCESS_TOKEN: "hubspot-token" },
      },
      { broker: carried },
    );
    const report = await run(loaded);
    expect(report.observation.value).toMatchObject({
      kind: "record",
      fields: { credit_rating: { value: "BBB+" } },
    });
    expect(seen).toHaveLength(2);
    for (const text of [...seen, JSON.stringify(report), JSON.stringify(loaded.evidence)]) {
      expect(text).not.toContain(accessToken);
      expect(text).not.toContain(Buffer.from(accessToken).toString("base64").slice(0, 40));
    }
    await loaded.close();
  });

  it("is refused what its policy keeps from it, and is not loaded", async () => {
    await stage.put("for-others", accessToken, stage.policy({ hosts: ["host-b"] }));
    await stage.put("for-hardware", accessToken, stage.policy({ appraisal: "hardware" }));
    const before = (await stage.enclave.stats()).cryptlets.length;
    expect(await codeOf(stage.load("for-others"))).toBe("BROKER_SECRET_REFUSED");
    expect(await codeOf(stage.load("for-hardware"))).toBe("BROKER_EVIDENCE_REFUSED");
    expect(await codeOf(stage.load("unknown"))).toBe("BROKER_SECRET_REFUSED");
    expect((await stage.enclave.stats()).cryptlets.length).toBe(before);
  });

  it("takes each secret from one place, and needs a broker for those that are with one", async () => {
    const both = { secrets: { HUBSPOT_ACCESS_TOKEN: "x".repeat(20) } };
    expect(await codeOf(stage.load("hubspot-token", both))).toBe("SECRET_SOURCE_INVALID");
    const options = { ...stage.options, brokerSecrets: { HUBSPOT_ACCESS_TOKEN: "hubspot-token" } };
    expect(await codeOf(stage.enclave.load(stage.cryptlet, options))).toBe("SECRET_SOURCE_INVALID");
  });

  it("binds in its evidence which of its secrets the broker gives, under which name", async () => {
    const [one, two] = [await stage.load("hubspot-token"), await stage.load("hubspot-token")];
    await stage.put("other-name", accessToken);
    const three = await stage.load("other-name");
    const configOf = ({ evidence }: LoadedCryptlet): unknown =>
      (
        JSON.parse(Buffer.from(evidence.body, "base64").toString()) as {
          registration: { configId: string };
        }
      ).registration.configId;
    expect(configOf(one)).toBe(configOf(two));
    expect(configOf(three)).not.toBe(configOf(one));
    for (const each of [one, two, three]) await each.close();
  });

  it.each<[string, (answer: ReleaseAnswer, request: ReleaseRequest) => unknown]>([
    ["another request's answer", () => earlier],
    ["no secret", () => ({ secrets: [] })],
    ["nothing", () => null],
    [
      "no base64",
      (answer) => ({ secrets: answer.secrets.map((each) => ({ ...each, enc: "***" })) }),
    ],
    ["something else", () => ({ secrets: [{ name: "hubspot-token" }] })],
    [
      "a changed ciphertext",
      (answer) => ({
        secrets: answer.secrets.map((each) => ({
          ...each,
          ciphertext: Buffer.from(each.ciphertext, "base64").fill(0).toString("base64"),
        })),
      }),
    ],
  ])("is not loaded when the host passes on %s", async (_what, change) => {
    const lying: SecretBroker = {
      challenge: (options) => stage.client.challenge(options),
      release: async (request) =>
        change(await stage.client.release(request), request) as ReleaseAnswer,
    };
    const options = { ...stage.options, brokerSecrets: { HUBSPOT_ACCESS_TOKEN: "hubspot-token" } };
    expect(await codeOf(stage.enclave.load(stage.cryptlet, options, { broker: lying }))).toBe(
      "HPKE_OPEN_FAILED",
    );
  });
  let earlier: ReleaseAnswer;
  beforeAll(async () => {
    const recording: SecretBroker = {
      challenge: (options) => stage.client.challenge(options),
      release: async (request) => {
        earlier = await stage.client.release(request);
        return earlier;
      },
    };
    const options = { ...stage.options, brokerSecrets: { HUBSPOT_ACCESS_TOKEN: "hubspot-token" } };
    const loaded = await stage.enclave.load(stage.cryptlet, options, { broker: recording });
    await loaded.close();
  });

  it("can be given up in the middle, and the enclave goes on", async () => {
    const controller = new AbortController();
    const slow: SecretBroker = {
      challenge: (options) => stage.client.challenge(options),
      release: () => {
        controller.abort();
        return new Promise(() => {});
      },
    };
    const options = { ...stage.options, brokerSecrets: { HUBSPOT_ACCESS_TOKEN: "hubspot-token" } };
    const call = { broker: slow, signal: controller.signal };
    await expect(stage.enclave.load(stage.cryptlet, options, call)).rejects.toBeInstanceOf(Error);
    const good = await stage.load("hubspot-token");
    await good.close();
  });

  it("leaves the value in no file and no log line", () => {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(path.join(entry.parentPath, entry.name));
      expect([entry.name, bytes.includes(accessToken)]).toEqual([entry.name, false]);
    }
    expect(stage.log()).not.toContain(accessToken);
    expect(stage.log()).toContain("secret released");
  });
});
