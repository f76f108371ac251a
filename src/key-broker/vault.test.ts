import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import LibsqlDatabase from "libsql";
import { describe, expect, it, onTestFinished } from "vitest";
import { createManualClock } from "../core/manual-clock.ts";
import { cryptletIdSchema, digestSchema } from "../core/ids.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import type { SecretPolicy } from "./secret-policy.ts";
import { openVault, type Vault } from "./vault.ts";

const policy: SecretPolicy = {
  appraisal: "dev",
  cryptlets: [cryptletIdSchema.parse("crm-record")],
  measurements: [digestSchema.parse(`sha256:${"aa".repeat(32)}`)],
  hosts: ["host-a"],
  notAfter: "2030-01-01T00:00:00Z",
};
const VALUE = Buffer.from("canary-4711-value");
const key = Uint8Array.from(randomBytes(32));
const open = async (directory: string, change: { key?: Uint8Array } = {}): Promise<Vault> => {
  const vault = await openVault({ directory, key, clock: createManualClock(1_000), ...change });
  onTestFinished(() => vault.close());
  return vault;
};
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );
const released = {
  action: "release",
  secret: "crm-token",
  host: "host-a",
  cryptlet: "crm-record",
  measurement: "",
  evidence: "",
  reason: "",
} as const;

describe("a vault", () => {
  it("keeps values sealed, gives them back, and logs both", async () => {
    const folder = temporaryFolder();
    const vault = await open(folder);
    const entry = await vault.put("crm-token", VALUE, policy);
    expect(entry).toMatchObject({ name: "crm-token", version: 1, policy, revokedAt: null });
    expect(await vault.find("crm-token")).toEqual(entry);
    const [value] = await vault.release([entry], [released]);
    expect(Buffer.from(value ?? [])).toEqual(VALUE);
    const log = await vault.audit({ afterSeq: 0, limit: 10 });
    expect(log.map(({ event }) => event.action)).toEqual(["put", "release"]);
    await vault.close();
    for (const file of readdirSync(folder))
      expect(readFileSync(path.join(folder, file)).includes(VALUE)).toBe(false);
    const again = await open(folder);
    expect(await again.list()).toEqual([entry]);
  });

  it("counts versions, and releases none but the newest", async () => {
    const vault = await open(temporaryFolder());
    const first = await vault.put("crm-token", VALUE, policy);
    const second = await vault.put("crm-token", Buffer.from("second"), policy);
    expect(second.version).toBe(2);
    expect(await codeOf(vault.release([first], [released]))).toBe("VAULT_SECRET_UNKNOWN");
    const [value] = await vault.release([second], [released]);
    expect(Buffer.from(value ?? []).toString()).toBe("second");
    // What was not handed out is not in the log as handed out.
    const log = await vault.audit({ afterSeq: 2, limit: 10 });
    expect(log).toHaveLength(1);
  });

  it("forgets a revoked value for good, and keeps the count", async () => {
    const vault = await open(temporaryFolder());
    const entry = await vault.put("crm-token", VALUE, policy);
    expect((await vault.revoke("crm-token")).revokedAt).toBe(1_000);
    expect(await vault.find("crm-token")).toBeNull();
    expect(await codeOf(vault.release([entry], [released]))).toBe("VAULT_SECRET_UNKNOWN");
    expect(await codeOf(vault.revoke("crm-token"))).toBe("VAULT_SECRET_UNKNOWN");
    expect(await codeOf(vault.revoke("other"))).toBe("VAULT_SECRET_UNKNOWN");
    expect((await vault.put("crm-token", VALUE, policy)).version).toBe(2);
  });

  it("refuses to open under another key", async () => {
    const folder = temporaryFolder();
    const vault = await open(folder);
    await vault.put("crm-token", VALUE, policy);
    await vault.close();
    const other = Uint8Array.from(randomBytes(32));
    expect(await codeOf(open(folder, { key: other }))).toBe("VAULT_SEAL_BROKEN");
  });

  it("serves two processes at once: what one puts and revokes, the other sees", async () => {
    const folder = temporaryFolder();
    const service = await open(folder);
    const command = await open(folder);
    await command.put("crm-token", VALUE, policy);
    const entry = await service.find("crm-token");
    expect(entry?.version).toBe(1);
    await Promise.all([
      command.revoke("crm-token"),
      service.record([released, released]),
      command.put("other", VALUE, policy),
    ]);
    expect(await service.find("crm-token")).toBeNull();
    expect(await service.audit({ afterSeq: 0, limit: 10 })).toHaveLength(5);
  });
});

describe("whoever can write the vault's file", () => {
  const tamper = async (statement: string): Promise<string> => {
    const folder = temporaryFolder();
    const vault = await open(folder);
    await vault.put("crm-token", VALUE, policy);
    await vault.record([{ ...released, action: "refuse", reason: "host" }]);
    await vault.close();
    const file = new LibsqlDatabase(path.join(folder, "vault.db"));
    try {
      file.exec(statement);
    } catch (error) {
      return String(error instanceof Error ? error.message : error);
    } finally {
      file.close();
    }
    return folder;
  };

  it.each([
    "update audit set event_json = '{}'",
    "delete from audit",
    "delete from audit where seq = 1",
  ])("cannot run %s", async (statement) => {
    expect(await tamper(statement)).toContain("append only");
  });

  it.each([
    "drop trigger audit_no_update; update audit set at = 7 where seq = 1",
    "drop trigger audit_no_delete; delete from audit where seq = 1",
    `drop trigger audit_no_update; update audit set event_json = replace(event_json, 'host-a', 'host-b')`,
  ])("is found out after %s", async (statement) => {
    const vault = await open(await tamper(statement));
    expect(await codeOf(vault.audit({ afterSeq: 0, limit: 10 }))).toBe("VAULT_CORRUPT");
  });

  it.each([
    `update secrets set policy_json = replace(policy_json, 'host-a', 'host-b')`,
    "update secrets set version = 2",
    "update secrets set name = 'other'",
    "update secrets set sealed = x'00'",
  ])("makes the value unreadable by %s", async (statement) => {
    const folder = await tamper(statement);
    expect(await codeOf(open(folder))).toBe("VAULT_SEAL_BROKEN");
  });
});
