import { signMessage, type SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";

/** The same message with other content, signed as it should be: what a member that cheats sends. */
export const resign = (
  message: SignedMessage,
  key: SigningKey | undefined,
  change: (content: Record<string, unknown>) => object,
): SignedMessage => {
  if (!key) throw new Error("no key to sign with");
  const content = JSON.parse(message.payload) as Record<string, unknown>;
  return signMessage(message.kind, change(content), key);
};
