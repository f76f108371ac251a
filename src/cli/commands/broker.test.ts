import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runForTest, type TestRun } from "../../../test/support/run-cli.ts";
import { brokerAudit } from "./broker-audit.ts";
import { brokerSecretList } from "./broker-secret-list.ts";
import { brokerSecretPut } from "./broker-secret-put.ts";
import { brokerSecretRevoke } from "./broker-secret-revoke.ts";
import { brokerStart } from "./broker-start.ts";

const VALUE = "canary-51b7-value";
const commands = [brokerStart, brokerSecretPut, brokerSecretList, brokerSecretRevoke, brokerAudit];
let folder: string;
let everything = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-broker-"));
  const write = (name: string, content: unknown, mode = 0o600) =>
    writeFileSync(
      path.join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
      { mode },
    );
  write("vault-key", randomBytes(32).toString("base64"));
  write("value", `${VALUE}\r\n`);
  write("empty", "\n");
  write("broker.json", {
    key: { $file: "vault-key" },
    listen: { port: 0 },
    hosts: [{ name: "host-a", token: { $env: "HOST_TOKEN" } }],
    policies: { hardware: "hardware.json" },
  });
  write("hardware.json", {
    id: "hardware",
    tees: ["sgx"],
    anyOf: [{ measurements: ["ab".repeat(32)] }],
  });
  write("policy.json", {
    appraisal: "hardware",
    cryptlets: ["crm-record"],
    measurements: [`sha256:${"ab".repeat(32)}`],
    hosts: ["host-a"],
    notAfter: "2100-01-01T00:00:00Z",
  });
  write("open-policy.json", {
    appraisal: "hardware",
    cryptlets: ["x"],
    hosts: ["host-a"],
    notAfter: "2100-01-01T00:00:00Z",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (words: readonly string[], signal?: AbortSignal): Promise<TestRun> => {
  const argv = words.map((word) => word.replace(/^@/, `${folder}/`));
  const result = await runForTest(argv, commands, {
    env: { HOST_TOKEN: "h".repeat(40), CRYPTLET_BROKER_CONFIG: path.join(folder, "broker.json") },
    ...(signal ? { signal } : {}),
  });
  everything += result.stdout + result.stderr;
  return result;
};
const data = ({ stdout }: TestRun): { readonly [name: string]: unknown } =>
  (JSON.parse(stdout) as { data: Record<string, unknown> }).data;

describe("cryptlet broker", () => {
  const put = (value = "@value", policy = "@policy.json", name = "crm-token") =>
    run(["broker", "secret", "put", name, "--value", value, "--policy", policy, "--json"]);

  it("puts, lists, revokes, and keeps the log of it", async () => {
    expect(data(await put())).toMatchObject({ name: "crm-token", version: 1, revokedAt: null });
    expect(data(await put())).toMatchObject({ version: 2 });
    expect(data(await run(["broker", "secret", "list", "--json"]))).toMatchObject({
      secrets: [{ name: "crm-token", policy: { appraisal: "hardware", hosts: ["host-a"] } }],
    });
    const text = await run(["broker", "secret", "list"]);
    expect(text.stdout).toContain("crm-token  2");
    expect((await run(["broker", "secret", "revoke", "crm-token"])).code).toBe(0);
    expect((await run(["broker", "secret", "revoke", "crm-token", "--json"])).code).toBe(3);
    expect((await run(["broker", "secret", "list"])).stdout).toContain("revoked");
    const log = data(await run(["broker", "audit", "--json"])) as {
      events: { event: { action: string } }[];
      head: string;
    };
    expect(log.events.map(({ event }) => event.action)).toEqual(["put", "put", "revoke"]);
    expect(log.head).toMatch(/^sha256:/);
    expect((await run(["broker", "audit", "--after", "2"])).stdout).toContain("revoke");
    expect((await run(["broker", "audit", "--after", "9"])).stdout).toBe("No event.\n");
  });

  it.each([
    ["an empty value", ["@empty", "@policy.json"], 2],
    ["a policy that names no code", ["@value", "@open-policy.json"], 2],
    ["a value that is not there", ["@none", "@policy.json"], 3],
    ["a name that is none", ["@value", "@policy.json", "No Name"], 2],
  ] as const)("refuses %s", async (_what, [value, policy, name], code) => {
    expect((await put(value, policy, name)).code).toBe(code);
  });

  it("says which words are missing", async () => {
    const { code, stderr } = await run(["broker", "secret"]);
    expect(code).toBe(2);
    expect(stderr).toContain("cryptlet broker secret needs one of: put, list, revoke");
    expect((await run(["broker"])).stderr).toContain("cryptlet broker needs one of: start, secret");
  });

  it("starts, answers and stops, and refuses a configuration that is not there", async () => {
    const controller = new AbortController();
    const running = run(["broker", "start", "--json"], controller.signal);
    controller.abort();
    const { stdout } = await running;
    const [ready, stopped] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect(ready).toMatchObject({ type: "ready", hosts: ["host-a"], simulated: false });
    expect(stopped).toEqual({ type: "stopped" });
    expect((await run(["broker", "start", "--config", "@none.json"])).code).toBe(2);
  });

  it("never showed the value, the key or the token", () => {
    expect(everything).not.toContain(VALUE);
    expect(everything).not.toContain("h".repeat(40));
  });
});
