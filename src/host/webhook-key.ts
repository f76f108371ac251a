import { createHash, hkdfSync, randomBytes } from "node:crypto";
import path from "node:path";
import { readOrCreate } from "../../enclave-sim/host/create-once.ts";
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

const parse = (text: string, file: string): Uint8Array => {
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
    const make = () => `${randomBytes(LENGTH).toString("hex")}\n`;
    const key = parse((await readOrCreate(file, make)).toString("utf8"), file);
    return {
      id: createHash("sha256").update(derive(key, "cryptlet/webhook-key-id/v1")).digest("hex"),
      // RFC 5869; ids of webhooks hold no character that could end the field.
      secret: (webhook, generation) =>
        derive(key, `cryptlet/webhook-secret/v1/${webhook}/${generation}`),
    };
  } catch (error) {
    if (isFabricError(error)) throw error;
    const reason = systemCode(error) ?? "unknown";
    throw fabricError("WEBHOOK_KEY_UNREADABLE", { file, reason }, { cause: error });
  }
};
