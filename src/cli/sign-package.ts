import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";

import { createSigstruct, readSigstruct } from "../../enclave-sim/platform/sigstruct.ts";
import { readPackage, SIGSTRUCT_FILE } from "../../enclave-sim/host/read-package.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { CommandResult } from "./command.ts";
import { loadOnce } from "./load-once.ts";
import { readInput } from "./read-input.ts";
import type { Style } from "./style.ts";

const MAX_KEY_BYTES = 16_384;
/** Owner only. */
const MODE = 0o600;

/** A new publisher's key: RSA with 3,072 bits and exponent 3, as SGX asks for. The file must not exist. */
const newKey = async (file: string): Promise<KeyObject> => {
  const options = { modulusLength: 3_072, publicExponent: 3 };
  const { privateKey } = generateKeyPairSync("rsa", {
    ...options,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  try {
    await writeFile(file, privateKey, { flag: "wx", mode: MODE });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError("FILE_UNWRITABLE", { file, reason }, { cause: error });
  }
  return createPrivateKey(privateKey);
};

const readKey = async (file: string, signal: AbortSignal): Promise<KeyObject> => {
  const pem = await readInput(file, { limit: MAX_KEY_BYTES, signal });
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause may quote the key: it is dropped.
    throw fabricError("FILE_INVALID", {
      file,
      what: "a private key",
      reason: "it is no PEM of one",
    });
  }
};

/**
 * The command's whole work: measure a built package and write its `sigstruct.bin`.
 * Throws `PACKAGE_*`, `CRYPTLET_INIT_FAILED`, `FILE_*`, `SIGSTRUCT_INVALID`.
 */
export const signPackage = async (
  folder: string,
  options: {
    readonly key: string;
    readonly createKey: boolean;
    readonly svn: number;
    readonly prodId: number;
    readonly style: Style;
    readonly signal: AbortSignal;
  },
): Promise<CommandResult> => {
  const { svn, prodId, style, signal } = options;
  const { sigstruct: _old, ...unsigned } = await readPackage(folder);
  const { measurement } = await loadOnce(unsigned, signal, (loaded) => loaded);
  const key = options.createKey ? await newKey(options.key) : await readKey(options.key, signal);
  const bytes = createSigstruct({ measurement, svn, prodId }, { key, at: Date.now() });
  const { mrsigner, date } = readSigstruct(bytes);
  const file = path.join(folder, SIGSTRUCT_FILE);
  await writeFile(file, bytes);
  return {
    data: { measurement, mrsigner, svn, prodId, date, file },
    text: [
      `${style.bold(mrsigner)}  signed ${unsigned.manifest.id} ${unsigned.manifest.version}`,
      `measurement ${measurement}, security version ${svn}, product ${prodId}`,
      `Written to ${file}. An enclave of this package is no debug enclave any more.`,
    ].join("\n"),
  };
};
