import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import { codeBlock } from "../support/code-blocks.ts";
import { reportNotRun } from "../support/not-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasOpenssl = (): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

it("makes an auditor's key as docs/enclave.md says", () => {
  if (!hasOpenssl()) {
    reportNotRun("an auditor's key by OpenSSL", "openssl is not on PATH");
    return;
  }
  const block = codeBlock("docs/enclave.md", "sh", "auditor-key");
  const cwd = temporaryFolder();
  const printed = execFileSync("sh", ["-ec", block], { cwd, encoding: "utf8" });
  const file = path.join(cwd, "auditor-key");
  expect(statSync(file).mode & 0o077).toBe(0);
  const secret = hexToBytes(readFileSync(file, "utf8"), 32);
  expect(printed).toBe(bytesToHex(x25519PublicKey(secret)));
});
