import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { systemCode } from "../core/errors/system-code.ts";

/** Derives the secrets of webhooks: no database ever holds one. */
export interface WebhookKey {
  /** Names the key; a webhook whose secrets came from another one is told by it. */
  readonly id: string;
  /** Secret of one webhook and generation, 32 bytes. */
  secret(webhook: string, generation: number): Uint8Array;
}

const FILE = "webhook-key";
const LENGTH = 32;
const HEX = /^[0-9a-f]{64}\n?$/;

/** Writes a new key unless there is one; a kill leaves the old state or the new one. */
const make = async (file: string): Promise<void> => {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(LENGTH).toString("hex")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // Unlike a rename it never replaces what another process made meanwhile.
    await link(draft, file);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

const read = async (file: string): Promise<Uint8Array | null> => {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  if (!HEX.test(text))
    throw fabricError("WEBHOOK_KEY_UNREADABLE", { file, reason: "it is no key" });
  return Buffer.from(text.trimEnd(), "hex");
};

const derive = (key: Uint8Array, info: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), info, LENGTH));

/**
 * The host's key for webhooks, from its file in the data directory, which is made when there is none.
 * Throws `WEBHOOK_KEY_UNREADABLE`.
 */
export const openWebhookKey = async (dataDirectory: string): Promise<WebhookKey> => {
  const file = path.join(dataDirectory, FILE);
  try {
    let key = await read(file);
    if (key === null) {
      await make(file);
      key = await read(file);
    }
    if (key === null) throw new Error("it is gone again");
    const kept = key;
    return {
      id: createHash("sha256").update(derive(kept, "cryptlet/webhook-key-id/v1")).digest("hex"),
      // RFC 5869; ids of webhooks hold no character that could end the field.
      secret: (webhook, generation) =>
        derive(kept, `cryptlet/webhook-secret/v1/${webhook}/${generation}`),
    };
  } catch (error) {
    if (isFabricError(error)) throw error;
    const reason = systemCode(error) ?? "unknown";
    throw fabricError("WEBHOOK_KEY_UNREADABLE", { file, reason }, { cause: error });
  }
};
