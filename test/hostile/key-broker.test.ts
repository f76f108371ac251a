import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { toWire } from "../../src/core/errors/wire.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { generateX25519 } from "../../src/crypto/hpke/hpke.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { BrokerClient } from "../../src/key-broker/broker-client.ts";
import { openRelease } from "../../src/key-broker/open-release.ts";
import type { ReleaseAnswer } from "../../src/key-broker/protocol.ts";
import { createAttestedFixture, type AttestedFixture } from "../support/attested-fixture.ts";
import {
  evidenceFor,
  policyFor,
  startBroker,
  type BrokerFixture,
} from "../support/broker-fixture.ts";

const START = 1_800_000_000_000;
const VALUE = "canary-9f3c-crm-token";
let clock: ManualClock;
let fixture: AttestedFixture;
let broker: BrokerFixture;
let host: BrokerClient;
beforeEach(async () => {
  clock = createManualClock(START);
  fixture = createAttestedFixture(clock);
  broker = await startBroker({
    clock,
    appraisers: {
      dev: fixture.appraiser(),
      hardware: fixture.appraiser({ allowSimulated: false }),
    },
  });
  host = broker.client("host-a");
  await broker.vault.put("crm-token", Buffer.from(VALUE), policyFor(fixture));
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );
/** Challenge, evidence, request, as a good host with a good enclave does it. */
const ask = async (
  options: {
    readonly secrets?: readonly string[];
    readonly client?: BrokerClient;
    readonly enclave?: AttestedFixture;
    readonly change?: Parameters<AttestedFixture["evidence"]>[1];
  } = {},
) => {
  const { secrets = ["crm-token"], client = host, enclave = fixture } = options;
  const { nonce } = await client.challenge();
  const evidence = evidenceFor(enclave, nonce, options.change);
  const answer = await client.release({ nonce, evidence, secrets: [...secrets] });
  const task = { nonce, cryptlet: "crm-record", evidence, names: secrets };
  return { answer, task };
};
const auditReasons = async (): Promise<readonly string[]> =>
  (await broker.vault.audit({ afterSeq: 0, limit: 100 })).flatMap(({ event }) =>
    "reason" in event && event.action === "refuse" ? [event.reason] : [],
  );

describe("the key broker", () => {
  it("gives a secret to the enclave, and to nobody on the way", async () => {
    const { answer, task } = await ask();
    const opened = await openRelease(fixture.encryptionSecret, answer, task);
    expect([...opened]).toEqual([["crm-token", VALUE]]);
    const [event] = (await broker.vault.audit({ afterSeq: 1, limit: 1 })).map((row) => row.event);
    expect(event).toMatchObject({ action: "release", secret: "crm-token", host: "host-a" });
    const wire = JSON.stringify(answer);
    for (const hidden of [wire, encodeBase64(Buffer.from(VALUE)), broker.log()])
      expect(hidden.includes(VALUE)).toBe(false);
    expect(wire).not.toContain(encodeBase64(Buffer.from(VALUE)));
    for (const file of readdirSync(broker.folder))
      expect(readFileSync(path.join(broker.folder, file)).includes(VALUE)).toBe(false);
    // Its log says what was released to whom, by name.
    expect(broker.log()).toContain('"secret released"');
  });

  it("answers several secrets at once, each opened by its own name alone", async () => {
    await broker.vault.put("other", Buffer.from("second"), policyFor(fixture));
    const { answer, task } = await ask({ secrets: ["crm-token", "other"] });
    const opened = await openRelease(fixture.encryptionSecret, answer, task);
    expect(opened.get("other")).toBe("second");
    const [first, second] = answer.secrets;
    if (!first || !second) throw new Error("two were asked for");
    const swapped: ReleaseAnswer = {
      ...answer,
      secrets: [
        { ...first, name: second.name },
        { ...second, name: first.name },
      ],
    };
    expect(await codeOf(openRelease(fixture.encryptionSecret, swapped, task))).toBe(
      "HPKE_OPEN_FAILED",
    );
  });

  it.each<[string, (answer: ReleaseAnswer) => ReleaseAnswer]>([
    ["one is missing", (answer) => ({ ...answer, secrets: [] })],
    [
      "one stands twice",
      (answer) => ({ ...answer, secrets: [...answer.secrets, ...answer.secrets] }),
    ],
    [
      "one was not asked for",
      (answer) => ({
        ...answer,
        secrets: answer.secrets.map((each) => ({ ...each, name: "other" })),
      }),
    ],
    [
      "its suite was changed",
      (answer) => ({
        ...answer,
        secrets: answer.secrets.map((each) => ({
          ...each,
          suite: "x25519-sha256-chacha20poly1305",
        })),
      }),
    ],
  ])("is not believed by an enclave when %s", async (_what, change) => {
    const { answer, task } = await ask();
    const changed = change(answer);
    expect(await codeOf(openRelease(fixture.encryptionSecret, changed, task))).toBe(
      "HPKE_OPEN_FAILED",
    );
  });

  it("makes answers that serve no other request, Cryptlet or enclave", async () => {
    const { answer, task } = await ask();
    const later = await ask();
    const own = fixture.encryptionSecret;
    expect(await codeOf(openRelease(own, answer, later.task))).toBe("HPKE_OPEN_FAILED");
    expect(await codeOf(openRelease(own, answer, { ...task, cryptlet: "gold-price" }))).toBe(
      "HPKE_OPEN_FAILED",
    );
    expect(await codeOf(openRelease(generateX25519(), answer, task))).toBe("HPKE_OPEN_FAILED");
  });
});

describe("the key broker refuses", () => {
  it("who has no token, and says nothing else to them", async () => {
    const nobody = broker.client("nobody");
    expect(await codeOf(nobody.challenge())).toBe("BROKER_UNAUTHORIZED");
    for (const authorization of [
      "",
      "Bearer",
      "Bearer x",
      "Basic YTpi",
      `Bearer ${"é".repeat(64)}`,
    ]) {
      const { status } = await fetch(new URL("/v1/challenges", broker.url), {
        method: "POST",
        headers: authorization === "" ? {} : { authorization: encodeURI(authorization) },
      });
      expect(status).toBe(401);
    }
  });

  it("a challenge that was used, is old, or was given to another host", async () => {
    const { nonce } = await host.challenge();
    const request = { nonce, evidence: evidenceFor(fixture, nonce), secrets: ["crm-token"] };
    expect(await codeOf(broker.client("host-b").release(request))).toBe("BROKER_CHALLENGE_INVALID");
    expect(await codeOf(host.release(request))).toBe("none");
    expect(await codeOf(host.release(request))).toBe("BROKER_CHALLENGE_INVALID");
    const old = await host.challenge();
    await clock.advance(60_000);
    const late = { ...request, nonce: old.nonce, evidence: evidenceFor(fixture, old.nonce) };
    expect(await codeOf(host.release(late))).toBe("BROKER_CHALLENGE_INVALID");
  });

  it("a challenge once more after it was used up by evidence that was refused", async () => {
    const { nonce } = await host.challenge();
    const secrets = ["crm-token"];
    const wrong = fixture.evidence({ purpose: "register", keys: [], nonce });
    expect(await codeOf(host.release({ nonce, evidence: wrong, secrets }))).toBe(
      "BROKER_EVIDENCE_REFUSED",
    );
    const good = evidenceFor(fixture, nonce);
    expect(await codeOf(host.release({ nonce, evidence: good, secrets }))).toBe(
      "BROKER_CHALLENGE_INVALID",
    );
  });

  it("evidence for another challenge, of before, or without one", async () => {
    const earlier = await host.challenge();
    const { nonce } = await host.challenge();
    const secrets = ["crm-token"];
    const evidence = evidenceFor(fixture, earlier.nonce);
    expect(await codeOf(host.release({ nonce, evidence, secrets }))).toBe(
      "BROKER_EVIDENCE_REFUSED",
    );
    expect(await auditReasons()).toEqual(["EVIDENCE_NONCE_WRONG"]);
  });

  it.each(["register", "ra-tls", "host-ak"] as const)("evidence made for %s", async (purpose) => {
    const { nonce } = await host.challenge();
    const evidence = fixture.evidence({ purpose, keys: [], nonce });
    expect(await codeOf(host.release({ nonce, evidence, secrets: ["crm-token"] }))).toMatch(
      /^BROKER_EVIDENCE_REFUSED$/,
    );
  });

  it("debugged and strange enclaves, and simulated ones where its policy asks for hardware", async () => {
    expect(await codeOf(ask({ change: { debug: true } }))).toBe("BROKER_EVIDENCE_REFUSED");
    const stranger = createAttestedFixture(clock);
    expect(await codeOf(ask({ enclave: stranger }))).toBe("BROKER_EVIDENCE_REFUSED");
    await broker.vault.put(
      "real",
      Buffer.from(VALUE),
      policyFor(fixture, { appraisal: "hardware" }),
    );
    expect(await codeOf(ask({ secrets: ["real"] }))).toBe("BROKER_EVIDENCE_REFUSED");
    await broker.vault.put("odd", Buffer.from(VALUE), policyFor(fixture, { appraisal: "missing" }));
    expect(await codeOf(ask({ secrets: ["odd"] }))).toBe("BROKER_EVIDENCE_REFUSED");
    expect(await auditReasons()).toEqual([
      "EVIDENCE_DEBUG",
      "CERTIFICATE_ROOT_UNKNOWN",
      "EVIDENCE_SIMULATED",
      "BROKER_EVIDENCE_REFUSED",
    ]);
  });

  it("whom the secret's policy does not name, alike for every reason", async () => {
    const digest = createAttestedFixture(clock, { cryptlet: "gold-price" }).measurement;
    const policies = {
      hosts: { hosts: ["host-b"] },
      cryptlets: { cryptlets: [cryptletIdSchema.parse("gold-price")] },
      measurements: { measurements: [`sha256:${"0".repeat(64)}` as typeof digest] },
      publishers: { publishers: ["ee".repeat(32)] },
      expired: { notAfter: "2020-01-01T00:00:00Z" },
    };
    for (const [name, change] of Object.entries(policies)) {
      await broker.vault.put(name, Buffer.from(VALUE), policyFor(fixture, change));
      expect([name, await codeOf(ask({ secrets: [name] }))]).toEqual([
        name,
        "BROKER_SECRET_REFUSED",
      ]);
    }
    expect(await codeOf(ask({ secrets: ["unknown"] }))).toBe("BROKER_SECRET_REFUSED");
    await broker.vault.revoke("crm-token");
    expect(await codeOf(ask())).toBe("BROKER_SECRET_REFUSED");
    expect(await auditReasons()).toEqual([
      "host",
      "cryptlet",
      "measurement",
      "publisher",
      "expired",
      "unknown",
      "unknown",
    ]);
  });

  it("to say which secrets exist to whoever brings no evidence that it takes", async () => {
    const refusalOf = async (name: string, evidence: (nonce: string) => Evidence) => {
      const { nonce } = await host.challenge();
      const request = { nonce, evidence: evidence(nonce), secrets: [name] };
      return host.release(request).then(
        () => "released",
        (error: unknown) => {
          const { code, arguments: given } = toWire(error);
          return { code, given };
        },
      );
    };
    const stranger = createAttestedFixture(clock);
    const brought: readonly ((nonce: string) => Evidence)[] = [
      () => ({ type: "application/x-nothing", body: "" }),
      () => evidenceFor(fixture, "5a".repeat(32)),
      (nonce) => evidenceFor(stranger, nonce),
      (nonce) => evidenceFor(fixture, nonce, { debug: true }),
    ];
    for (const evidence of brought) {
      const known = await refusalOf("crm-token", evidence);
      expect(known).toMatchObject({ code: "BROKER_EVIDENCE_REFUSED" });
      expect(await refusalOf("unknown", evidence)).toEqual(known);
    }
  });

  it("all secrets of a request when one of them is not for it", async () => {
    await broker.vault.put("theirs", Buffer.from(VALUE), policyFor(fixture, { hosts: ["host-b"] }));
    expect(await codeOf(ask({ secrets: ["crm-token", "theirs"] }))).toBe("BROKER_SECRET_REFUSED");
    const actions = (await broker.vault.audit({ afterSeq: 2, limit: 10 })).map((row) => row.event);
    expect(actions).toEqual([expect.objectContaining({ action: "refuse", secret: "theirs" })]);
  });

  it("requests of another form, and bodies that are too large", async () => {
    const { nonce } = await host.challenge();
    const evidence = evidenceFor(fixture, nonce);
    const good = { nonce, evidence, secrets: ["crm-token"] };
    const post = async (body: string): Promise<unknown> => {
      const response = await fetch(new URL("/v1/releases", broker.url), {
        method: "POST",
        headers: {
          authorization: `Bearer ${broker.tokenOf("host-a")}`,
          "content-type": "application/json",
        },
        body,
      });
      return ((await response.json()) as { error?: { code: string } }).error?.code;
    };
    const wrong: readonly unknown[] = [
      {},
      null,
      [],
      { ...good, secrets: [] },
      { ...good, secrets: Array.from({ length: 33 }, (_, i) => `s${i}`) },
      { ...good, secrets: ["../vault"] },
      { ...good, secrets: ["__proto__"] },
      { ...good, nonce: nonce.toUpperCase() },
      { ...good, more: true },
      { ...good, evidence: { ...evidence, simulated: false } },
    ];
    for (const each of wrong)
      expect(await post(JSON.stringify(each))).toBe("BROKER_REQUEST_INVALID");
    expect(await post("{")).toBe("BROKER_REQUEST_INVALID");
    expect(await post(JSON.stringify({ pad: "x".repeat(700_000) }))).toBe("BROKER_REQUEST_INVALID");
    expect(await post(JSON.stringify(good))).toBeUndefined();
  });

  it("a flood", async () => {
    const small = await startBroker({ clock, appraisers: {}, requestsPerMinute: 5 });
    const client = small.client("host-a");
    const codes: string[] = [];
    for (let i = 0; i < 7; i++) codes.push(await codeOf(client.challenge()));
    expect(codes.slice(5)).toEqual(["BROKER_BUSY", "BROKER_BUSY"]);
  });
});

describe("a client of the broker", () => {
  it("says that nothing answers, or that something else does", async () => {
    const { createBrokerClient } = await import("../../src/key-broker/broker-client.ts");
    const { Secret } = await import("../../src/core/config/secret.ts");
    const { createServer } = await import("node:http");
    const answers = [
      "no json",
      "{}",
      '{"nonce":"x","expiresAt":1}',
      `{"pad":"${"x".repeat(3_000_000)}"}`,
    ];
    let next = 0;
    const server = createServer((_request, response) => response.end(answers[next++]));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const url = `http://127.0.0.1:${port}`;
    const client = createBrokerClient({ url, token: new Secret("t"), caPem: null });
    for (const _ of answers)
      expect(await codeOf(client.challenge())).toMatch(/^BROKER_(ANSWER_INVALID|UNREACHABLE)$/);
    await client.close();
    await new Promise((resolve) => server.close(resolve));
    const gone = createBrokerClient({ url, token: new Secret("t"), caPem: null });
    expect(await codeOf(gone.challenge())).toBe("BROKER_UNREACHABLE");
    await gone.close();
  });
});
