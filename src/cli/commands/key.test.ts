import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { runForTest, type TestRun } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../../../test/support/test-chain.ts";
import { createTransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import { keyAddress } from "./key-address.ts";
import { keyCreate } from "./key-create.ts";
import { keyImport } from "./key-import.ts";

const [SECRET] = ANVIL_SECRETS;
const ACCOUNT = createTransactionSigner(SECRET).address;
const PASSWORD = "correct horse battery";
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(path.join(folder, "password"), `${PASSWORD}\r\n`);
  writeFileSync(path.join(folder, "wrong"), "another horse battery");
  writeFileSync(path.join(folder, "short"), "horse");
  writeFileSync(path.join(folder, "plain"), `${SECRET}\n`);
});

/** Words that begin with @ are files of the folder. */
const run = async (
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TestRun> => {
  const argv = words.map((word) => word.replace(/^@/, `${folder}/`));
  const result = await runForTest([...argv, "--json"], [keyCreate, keyImport, keyAddress], { env });
  for (const secret of [SECRET.slice(2), PASSWORD, "another horse"])
    expect(result.stdout + result.stderr).not.toContain(secret);
  return result;
};
const data = ({ stdout }: TestRun): { readonly address: string } =>
  (JSON.parse(stdout) as { data: { address: string } }).data;
const codeOf = ({ stdout }: TestRun): string =>
  (JSON.parse(stdout) as { error: { code: string } }).error.code;

describe("cryptlet key", () => {
  it("creates a key for its owner alone, and tells its account", async () => {
    const created = await run(["key", "create", "@key", "--password", "@password"]);
    expect(created.code).toBe(0);
    expect(statSync(path.join(folder, "key")).mode & 0o777).toBe(0o600);
    const told = await run(["key", "address", "@key"], { CRYPTLET_KEY_PASSWORD: PASSWORD });
    expect(data(told).address).toBe(data(created).address);
    const other = await run(["key", "create", "@other", "--password", "@password"]);
    expect(data(other).address).not.toBe(data(created).address);
  }, 60_000);

  it("imports a key, and says who opens it with a wrong password that it is wrong", async () => {
    const words = ["key", "import", "@key", "--key", "@plain", "--password", "@password"];
    expect(data(await run(words)).address).toBe(ACCOUNT);
    expect(readFileSync(path.join(folder, "key"), "utf8")).not.toContain(SECRET.slice(2));
    const wrong = await run(["key", "address", "@key", "--password", "@wrong"]);
    expect([wrong.code, codeOf(wrong)]).toEqual([4, "KEYSTORE_PASSWORD_WRONG"]);
  }, 60_000);

  it("overwrites nothing", async () => {
    const again = await run(["key", "create", "@plain", "--password", "@password"]);
    expect(codeOf(again)).toBe("FILE_UNWRITABLE");
    expect(readFileSync(path.join(folder, "plain"), "utf8")).toBe(`${SECRET}\n`);
  }, 60_000);

  it.each([
    ["no password", ["key", "create", "@key"], "FLAG_MISSING"],
    ["a short one", ["key", "create", "@key", "--password", "@short"], "USAGE_INVALID"],
    ["no key", ["key", "import", "@key", "--password", "@password"], "FLAG_MISSING"],
    [
      "a key that is none",
      ["key", "import", "@key", "--key", "@short", "--password", "@password"],
      "USAGE_INVALID",
    ],
    [
      "two inputs at once",
      ["key", "import", "@key", "--key", "-", "--password", "-"],
      "USAGE_INVALID",
    ],
    [
      "a file that is not there",
      ["key", "address", "@absent", "--password", "@password"],
      "FILE_UNREADABLE",
    ],
    [
      "a file that is no key",
      ["key", "address", "@plain", "--password", "@password"],
      "KEYSTORE_UNREADABLE",
    ],
  ])("refuses %s", async (_, words, code) => {
    expect(codeOf(await run(words))).toBe(code);
  });

  it("says when it cannot write", async () => {
    const target = path.join("@nowhere", "key");
    const refused = await run(["key", "create", target, "--password", "@password"]);
    expect(codeOf(refused)).toBe("FILE_UNWRITABLE");
  }, 60_000);
});
