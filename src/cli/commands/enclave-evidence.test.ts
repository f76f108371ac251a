import { cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";

import { createFakeFabric } from "../../../test/support/fake-fabric.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { createApi, type Api } from "../../api/create-api.ts";
import { silentLog } from "../../core/log.ts";
import { builtFile } from "../built-file.ts";
import { commands } from "../commands.ts";

const PACKAGE = builtFile("cryptlets", "gold-price");
const NONCE = "5a".repeat(32);
const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

const run = (...words: string[]) => runForTest(["enclave", ...words, "--json"], commands);
const dataOf = (stdout: string) => (JSON.parse(stdout) as { data: Record<string, unknown> }).data;
const errorOf = (stdout: string) => (JSON.parse(stdout) as { error: { code: string } }).error.code;

/** A copy of the built gold package that a test may sign. */
const copyPackage = (): string => {
  const folder = path.join(temporaryFolder(), "gold");
  cpSync(PACKAGE, folder, { recursive: true });
  return folder;
};

describe("cryptlet enclave evidence", () => {
  it("of a package goes through appraisal with its root, and not without", async () => {
    const folder = temporaryFolder();
    const [evidence, root, policy] = ["evidence.json", "root.pem", "policy.json"].map((name) =>
      path.join(folder, name),
    );
    if (!evidence || !root || !policy) throw new Error("three files were named");
    const flags = ["--nonce", NONCE, "--out", evidence, "--anchor-out", root];
    const made = await run("evidence", PACKAGE, ...flags);
    expect(made.code).toBe(0);
    const data = dataOf(made.stdout);
    expect(data).toMatchObject({
      tee: "sgx",
      layers: 1,
      cryptlet: "gold-price",
      purpose: "register",
      nonce: NONCE,
      simulated: true,
    });
    expect(data["encryptionKey"]).not.toMatch(/^0+$/);
    const measured = await run("measure", PACKAGE);
    writeFileSync(
      policy,
      JSON.stringify({
        id: "test",
        allowSimulated: true,
        allowDebug: true,
        tees: ["sgx"],
        tcb: { accept: ["UpToDate", "OutOfDate"] },
        anyOf: [{ measurements: [dataOf(measured.stdout)["measurement"]] }],
      }),
    );
    const anchor = ["--anchor", root, "--insecure-simulated-anchor"];
    const judge = (...more: string[]) => run("appraise", evidence, ...more);
    const good = await judge("--policy", policy, "--nonce", NONCE, ...anchor);
    expect(good.code).toBe(0);
    expect(dataOf(good.stdout)).toMatchObject({ ok: true, simulated: true, tee: "sgx" });
    for (const wrong of [
      await judge("--policy", policy),
      await judge(...anchor),
      await judge("--policy", policy, "--nonce", "5b".repeat(32), ...anchor),
      await judge("--policy", policy, "--purpose", "kbs", ...anchor),
    ])
      expect(wrong.code).toBe(13);
  });

  it("overwrites nothing, and takes no nonce that is none", async () => {
    const file = path.join(temporaryFolder(), "evidence.json");
    writeFileSync(file, "precious");
    const again = await run("evidence", PACKAGE, "--out", file);
    expect(errorOf(again.stdout)).toBe("FILE_UNWRITABLE");
    expect(readFileSync(file, "utf8")).toBe("precious");
    for (const nonce of ["", "5a", NONCE.toUpperCase(), `${NONCE}00`]) {
      const refused = await run("evidence", PACKAGE, "--nonce", nonce);
      expect([refused.code, errorOf(refused.stdout)]).toEqual([2, "USAGE_INVALID"]);
    }
    const both = await run("evidence", PACKAGE, "--cryptlet", "gold-price");
    expect(both.code).toBe(2);
  });

  it("of a fabric that answers something else, or of none, is refused", async () => {
    const api = createApi({ fabric: createFakeFabric(1), log: silentLog });
    open.push(api);
    const url = await api.listen({ host: "127.0.0.1", port: 0 });
    const fake = await run("evidence", "--url", url);
    expect([fake.code, errorOf(fake.stdout)]).toEqual([13, "EVIDENCE_INVALID"]);
    const unknown = await run("evidence", "--url", url, "--cryptlet", "nobody");
    expect(errorOf(unknown.stdout)).toBe("CRYPTLET_UNKNOWN");
    const silent = await run("evidence", "--url", "http://127.0.0.1:9");
    expect(silent.code).toBe(5);
  });
});

describe("cryptlet enclave sign", () => {
  it("makes a publisher's key once, signs, and the package is no debug enclave any more", async () => {
    const folder = copyPackage();
    const key = path.join(temporaryFolder(), "publisher.pem");
    const signed = await run("sign", folder, "--key", key, "--create-key", "--svn", "7");
    expect(signed.code).toBe(0);
    const data = dataOf(signed.stdout);
    expect(data).toMatchObject({ svn: 7, prodId: 1, file: path.join(folder, "sigstruct.bin") });
    expect(statSync(key).mode & 0o077).toBe(0);
    const again = await run("sign", folder, "--key", key, "--svn", "8");
    expect(dataOf(again.stdout)["mrsigner"]).toBe(data["mrsigner"]);
    const measured = await run("measure", folder);
    expect(dataOf(measured.stdout)["measurement"]).toBe(data["measurement"]);
    const overwritten = await run("sign", folder, "--key", key, "--create-key");
    expect(errorOf(overwritten.stdout)).toBe("FILE_UNWRITABLE");
    expect(JSON.stringify([signed, again])).not.toContain("PRIVATE");
  });

  it("takes no other key, and a signed package no other code", async () => {
    const folder = copyPackage();
    const file = path.join(temporaryFolder(), "key.pem");
    writeFileSync(file, "no key");
    expect(errorOf((await run("sign", folder, "--key", file)).stdout)).toBe("FILE_INVALID");
    const key = path.join(temporaryFolder(), "publisher.pem");
    await run("sign", folder, "--key", key, "--create-key");
    writeFileSync(path.join(folder, "bundle.js"), "globalThis.__cryptlet = { handle: () => '' };");
    const changed = await run("measure", folder);
    expect([changed.code, errorOf(changed.stdout)]).toEqual([13, "SIGSTRUCT_MISMATCH"]);
  });
});
