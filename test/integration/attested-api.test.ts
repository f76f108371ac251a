import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApi, type Api } from "../../src/api/create-api.ts";
import { startAttestedApi } from "../../src/api/start-attested-api.ts";
import { createPolicyWorkloadAppraiser } from "../../src/attestation/policy-workload-appraiser.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import type { TrustAnchors } from "../../src/attestation/trust-anchors.ts";
import type { AttestedPeer, PeerRules } from "../../src/attested-tls/check-peer.ts";
import { createAttestedFetch } from "../../src/attested-tls/create-attested-fetch.ts";
import type { AttestedHttp } from "../../src/attested-tls/start-attested-http.ts";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { Enclave } from "../../enclave-sim/host/enclave.ts";
import { enclaveConnect } from "../../src/cli/commands/enclave-connect.ts";
import { enclaveMeasure } from "../../src/cli/commands/enclave-measure.ts";
import { createFabricClient, type FabricClient } from "../../src/client/fabric-client.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { silentLog } from "../../src/core/log.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { createHostAttester } from "../../src/host/host-attester.ts";
import { runForTest } from "../support/run-cli.ts";
import { createFakeFabric } from "../support/fake-fabric.ts";

// The whole way with real parts: an enclave's own evidence of its host, in the certificate of the API.

const TOKEN = "t".repeat(40);
let folder: string;
let enclave: Enclave;
let api: Api;
let http: AttestedHttp;
let anchors: TrustAnchors;
let policy: AppraisalPolicyInput;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-attested-"));
  enclave = createEnclave();
  const sealDirectory = path.join(folder, "sealed");
  const key = createSigningKey("p256-sha256").record;
  const { evidence, platformRoot } = await enclave.attestHost({
    sealDirectory,
    purpose: "ra-tls",
    keys: [key],
  });
  const certificate = Uint8Array.from(new X509Certificate(platformRoot).raw);
  anchors = [{ vendor: "intel", name: "simulator", certificate, simulated: true }];
  policy = {
    id: "host",
    allowSimulated: true,
    allowDebug: true,
    tees: ["sgx"],
    anyOf: [{ measurements: [await measurementOf(evidence)] }],
  };
  const fabric = createFakeFabric();
  fabric.commit();
  api = createApi({ fabric, log: silentLog, token: new Secret(TOKEN) });
  const attester = createHostAttester(enclave, sealDirectory);
  http = await startAttestedApi({
    api,
    fabric: { attester },
    wanted: { host: "127.0.0.1", port: 0, renewMinutes: 60 },
    log: silentLog,
  });
});
afterAll(async () => {
  await http.close();
  await api.close();
  await enclave.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The host's measurement, as a careful client computes it from the log of evidence. */
const measurementOf = async (evidence: { readonly body: string }): Promise<string> => {
  const { replayMeasurementLog } = await import("../../src/attestation/measurement-log.ts");
  const document = JSON.parse(Buffer.from(evidence.body, "base64").toString()) as {
    log: Parameters<typeof replayMeasurementLog>[0];
  };
  return replayMeasurementLog(document.log).measurement;
};

const rulesWith = (
  change: Partial<AppraisalPolicyInput> = {},
  trusted: TrustAnchors = anchors,
): PeerRules => ({
  appraiser: createPolicyWorkloadAppraiser({ ...policy, ...change }, { anchors: trusted }),
  clock: systemClock,
  maxAgeMs: 3_600_000,
});
const withClient = async <Result>(
  rules: PeerRules,
  work: (client: FabricClient, peers: readonly AttestedPeer[]) => Promise<Result>,
): Promise<Result> => {
  const peers: AttestedPeer[] = [];
  const attested = createAttestedFetch({
    rules,
    freshness: "challenge",
    onPeer: (peer) => peers.push(peer),
  });
  try {
    const client = createFabricClient({ url: http.url, token: TOKEN, fetch: attested.fetch });
    return await work(client, peers);
  } finally {
    await attested.close();
  }
};
const refusalOf = async (rules: PeerRules): Promise<string> =>
  withClient(rules, (client) => client.feeds.list()).then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );

describe("the API's attested endpoint", () => {
  it("serves our client library once its evidence, made for this connection, was accepted", async () => {
    await withClient(rulesWith(), async (client, peers) => {
      const round = await client.feeds.latest("xau-usd");
      expect(round.round).toBe(1);
      expect(peers[0]).toMatchObject({
        simulated: true,
        policy: "host",
        registration: { purpose: "ra-tls", profile: "fabric/host/v1", cryptlet: "" },
        tlsKey: { keyid: http.identity().key.keyid },
      });
    });
  });

  it("shows the measurement that a relying party computes from its own installation", async () => {
    const own = await runForTest(["enclave", "measure", "--host", "--json"], [enclaveMeasure]);
    const { data } = JSON.parse(own.stdout) as { data: { measurement: string } };
    await withClient(rulesWith(), async (client, peers) => {
      await client.feeds.list();
      expect(peers[0]?.measurement).toBe(data.measurement);
    });
  });

  it("still asks for the token", async () => {
    const attested = createAttestedFetch({ rules: rulesWith(), freshness: "age" });
    const client = createFabricClient({ url: http.url, fetch: attested.fetch });
    await expect(client.feeds.list()).rejects.toMatchObject({ code: "API_UNAUTHORIZED" });
    await attested.close();
  });

  it("is refused before the token is sent, with the reason of the appraisal", async () => {
    expect(await refusalOf(rulesWith({ allowSimulated: false }))).toBe("EVIDENCE_SIMULATED");
    expect(await refusalOf(rulesWith({}, HARDWARE_ANCHORS))).not.toBe("none");
    expect(await refusalOf(rulesWith({ anyOf: [{ measurements: ["ab".repeat(32)] }] }))).toBe(
      "MEASUREMENT_REFUSED",
    );
    expect(await refusalOf({ ...rulesWith(), maxAgeMs: -1 })).toBe("PEER_EVIDENCE_REFUSED");
  });

  it("is judged by the command line, whose pin lets curl-like clients hold the key", async () => {
    const write = (name: string, content: string) => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const [root] = anchors;
    const pem = new X509Certificate(root?.certificate ?? "").toString();
    const files = ["--anchor", write("root.pem", pem), "--insecure-simulated-anchor"];
    const connect = (rules: AppraisalPolicyInput, ...words: string[]) =>
      runForTest(
        [
          "enclave",
          "connect",
          ...words,
          "--policy",
          write("p.json", JSON.stringify(rules)),
          "--json",
        ],
        [enclaveConnect],
      );
    const good = await connect(policy, http.url, ...files);
    expect(good.code).toBe(0);
    const { data } = JSON.parse(good.stdout) as { data: { pin: string } };
    expect(data).toMatchObject({ ok: true, simulated: true, url: http.url });
    const pinned = await request({ ...address(), rejectUnauthorized: false });
    const spki = pinned.publicKey.export({ format: "der", type: "spki" });
    expect(data.pin).toBe(`sha256//${createHash("sha256").update(spki).digest("base64")}`);
    expect((await connect({ ...policy, allowSimulated: false }, http.url, ...files)).code).toBe(13);
    expect((await connect(policy, http.url)).code).toBe(13);
    expect((await connect(policy, "http://127.0.0.1:1", ...files)).code).toBe(2);
    expect((await connect(policy, "https://127.0.0.1:1", ...files)).code).toBe(5);
  });

  const address = () => ({ host: "127.0.0.1", port: Number(new URL(http.url).port) });
  /** Certificate that the listener shows to anybody. */
  const request = (options: ConnectionOptions): Promise<X509Certificate> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(options, () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate) resolve(certificate);
        else reject(new Error("no certificate"));
      });
    });

  it("says what a host's attester does not speak for", async () => {
    const attester = createHostAttester(enclave, path.join(folder, "sealed"));
    for (const purpose of ["register", "host-ak"] as const)
      await expect(attester.attest({ purpose, keys: [] })).rejects.toMatchObject({
        code: "EVIDENCE_PURPOSE_WRONG",
      });
  });
});
