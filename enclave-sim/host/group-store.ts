import { readdir, readFile, unlink } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../src/core/errors/system-code.ts";
import { digestHex, digestSchema } from "../../src/core/ids.ts";
import {
  groupEpochSchema,
  groupNameSchema,
  groupRecordSchema,
  indexSchema,
  wordSchema,
} from "../../src/crypto/frost/group-record.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { replaceFile } from "./replace-file.ts";
import { seal, type SealIdentity, type SealRequest, unseal } from "./seal.ts";
import { readPlatformSecret } from "./sealed-keys.ts";

const storedSchema = z.strictObject({
  group: groupNameSchema,
  epoch: groupEpochSchema,
  ceremony: digestSchema,
  index: indexSchema,
  /** The member's Ed25519 key. */
  keyid: digestSchema,
  /** Scalar in hex. */
  share: wordSchema,
  /** JSON text that this member confirmed. */
  statement: z.string().min(2).max(65_536),
  /** Null until every member's confirmation was seen: until then it signs nothing. */
  record: groupRecordSchema.nullable(),
});
/** One share as it is sealed. */
export type StoredShare = z.infer<typeof storedSchema>;

/** Shares of one enclave, one file per group and epoch. */
export interface GroupStore {
  /** Every share, pending ones too. */
  all(): readonly StoredShare[];
  find(group: string, epoch: number): StoredShare | undefined;
  /** Seals it, and returns when it is on the disk. */
  put(share: StoredShare): Promise<void>;
  drop(share: Pick<StoredShare, "group" | "epoch">): Promise<void>;
}

const nameOf = (group: string): string =>
  digestHex(digestOf(new TextEncoder().encode(group))).slice(0, 32);

const requestOf = (epoch: number): SealRequest => ({
  policy: "MRENCLAVE",
  purpose: "group-share",
  counter: epoch,
});

/**
 * Open what was sealed by this very code on this platform. That an old folder was put back only a counter outside can
 * tell: see `MonotonicCounter`. Throws `SEAL_REFUSED`.
 */
export const openGroupStore = async (
  directory: string,
  identity: SealIdentity,
): Promise<GroupStore> => {
  const secret = await readPlatformSecret(directory);
  const prefix = `${digestHex(identity.mrenclave)}${identity.debug ? ".debug" : ""}.group-`;
  const fileOf = ({ group, epoch }: Pick<StoredShare, "group" | "epoch">): string =>
    path.join(directory, `${prefix}${nameOf(group)}.${epoch}.sealed`);
  const shares = new Map<string, StoredShare>();

  const read = async (file: string): Promise<void> => {
    const text = await readFile(file, "utf8");
    const refuse = (reason: string) => fabricError("SEAL_REFUSED", { path: file, reason });
    const { plain, counter } = unseal(secret, identity, requestOf(0), { text, path: file });
    const stored = storedSchema.safeParse(JSON.parse(new TextDecoder().decode(plain)));
    if (!stored.success) throw refuse("it holds something else");
    // A blob under another's name would be an old share in the place of a new one.
    if (fileOf(stored.data) !== file || counter !== stored.data.epoch)
      throw refuse("it is the share of another group or epoch");
    shares.set(file, stored.data);
  };
  for (const name of await readdir(directory))
    if (name.startsWith(prefix) && name.endsWith(".sealed")) await read(path.join(directory, name));

  return {
    all: () => [...shares.values()],
    find: (group, epoch) => shares.get(fileOf({ group, epoch })),
    put: async (share) => {
      const file = fileOf(share);
      const plain = new TextEncoder().encode(JSON.stringify(share));
      await replaceFile(file, seal(secret, identity, requestOf(share.epoch), plain));
      shares.set(file, share);
    },
    drop: async (share) => {
      const file = fileOf(share);
      await unlink(file).catch((error: unknown) => {
        if (systemCode(error) !== "ENOENT") throw error;
      });
      shares.delete(file);
    },
  };
};
