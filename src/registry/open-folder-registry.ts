import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";
import { bytesToHex, hexToBytes } from "../crypto/bytes.ts";
import { createCheckpointKey, isOrigin, type CheckpointKey } from "./checkpoint.ts";
import { createLogTree } from "./log-tree.ts";
import type { AdmissionRules } from "./admit-entry.ts";
import { readStoredText } from "./folder-log.ts";
import { createFolderRegistry } from "./folder-registry.ts";
import { registryFolder, storeFile, type RegistryFolder } from "./registry-folder.ts";
import type { Registry } from "./registry.ts";

const FORMAT = "cryptlet-registry/1";
const MAX_IDENTITY_BYTES = 4_096;
const SECRET_BYTES = 32;
const MAX_SECRET_TEXT = 256;

const identitySchema = z.strictObject({
  format: z.literal(FORMAT),
  origin: z.string().max(128).refine(isOrigin, "an origin"),
  /** Verifier key of the checkpoints. */
  key: z.string().max(256),
});

/** Who a folder says it is. Whoever relies on the registry knows the key from elsewhere. */
export type RegistryIdentity = z.infer<typeof identitySchema>;

/** A registry's folder, open. */
export interface FolderRegistry extends Registry {
  readonly identity: RegistryIdentity;
  /** False where the checkpoint key is not here: nothing can be added. */
  readonly writable: boolean;
}

/** A folder with `registry.json` in it. */
export const isRegistryFolder = (folder: string): boolean =>
  existsSync(registryFolder(folder).identity);

/** Throws `REGISTRY_UNKNOWN`, `REGISTRY_DAMAGED`. */
export const readRegistryIdentity = async (folder: RegistryFolder): Promise<RegistryIdentity> => {
  const text = await readStoredText(folder.identity, MAX_IDENTITY_BYTES);
  if (text === null) throw fabricError("REGISTRY_UNKNOWN", { registry: folder.root });
  const damaged = (reason: string, cause?: unknown) =>
    fabricError("REGISTRY_DAMAGED", { what: folder.identity, reason }, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged("it is not JSON", error);
  }
  const parsed = identitySchema.safeParse(json);
  if (!parsed.success) throw damaged(z.prettifyError(parsed.error));
  return parsed.data;
};

/** Writes who a copy is of. Throws `REGISTRY_UNWRITABLE`. */
export const writeRegistryIdentity = async (
  folder: RegistryFolder,
  { origin, key }: Omit<RegistryIdentity, "format">,
): Promise<void> => {
  const identity: RegistryIdentity = { format: FORMAT, origin, key };
  await storeFile(folder.drafts, folder.identity, `${JSON.stringify(identity, null, 2)}\n`);
};

const readKey = async (
  folder: RegistryFolder,
  { origin, key }: RegistryIdentity,
): Promise<CheckpointKey | null> => {
  // A copy has no private folder, and a stranger cannot read ours: both may read the registry.
  const text = await readStoredText(folder.secret, MAX_SECRET_TEXT).catch(() => null);
  if (text === null) return null;
  const found = createCheckpointKey(origin, hexToBytes(text.trim(), SECRET_BYTES));
  if (found.verifier === key) return found;
  throw fabricError("REGISTRY_DAMAGED", {
    what: folder.secret,
    reason: "it is not the key that registry.json names",
  });
};

export interface FolderRegistryOptions {
  /** Default: nothing is measured, no name is protected. */
  readonly rules?: Partial<AdmissionRules>;
  readonly clock?: Clock;
}

/**
 * Open a registry's folder. Throws `REGISTRY_UNKNOWN` where there is none, `REGISTRY_DAMAGED`.
 * @example
 * ```ts
 * const registry = await openFolderRegistry("registry");
 * await registry.releases(cryptletIdSchema.parse("gold-price"));
 * ```
 */
export const openFolderRegistry = async (
  directory: string,
  { rules, clock }: FolderRegistryOptions = {},
): Promise<FolderRegistry> => {
  const folder = registryFolder(path.resolve(directory));
  const identity = await readRegistryIdentity(folder);
  const key = await readKey(folder, identity);
  const registry = createFolderRegistry({
    folder,
    verifier: identity.key,
    key,
    rules: { measure: null, popularNames: [], allowedNames: [], ...rules },
    ...(clock ? { clock } : {}),
  });
  return { ...registry, identity, writable: key !== null };
};

/** Last part of a folder's name as an origin's first word. */
const slugOf = (directory: string): string =>
  path
    .basename(directory)
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40) || "registry";

/**
 * Make an empty registry: a key for its checkpoints, which stays in `private`, and a first checkpoint. The folder appears
 * whole or not at all. Throws `REGISTRY_UNWRITABLE`, also where the folder is there and not empty.
 */
export const makeFolderRegistry = async (
  directory: string,
  { origin }: { readonly origin?: string } = {},
): Promise<RegistryIdentity> => {
  const root = path.resolve(directory);
  const name = origin ?? `${slugOf(root)}-${randomBytes(6).toString("hex")}`;
  const secret = new Uint8Array(randomBytes(SECRET_BYTES));
  const key = createCheckpointKey(name, secret);
  const identity: RegistryIdentity = { format: FORMAT, origin: name, key: key.verifier };
  const draft = registryFolder(
    path.join(path.dirname(root), `.${path.basename(root)}.${randomUUID()}`),
  );
  try {
    await mkdir(path.dirname(draft.secret), { recursive: true, mode: 0o700 });
    await storeFile(draft.drafts, draft.secret, `${bytesToHex(secret)}\n`, { mode: 0o600 });
    const root0 = createLogTree().rootAt(0);
    await storeFile(draft.drafts, draft.checkpoint, key.sign({ size: 0, root: root0 }));
    await storeFile(draft.drafts, draft.identity, `${JSON.stringify(identity, null, 2)}\n`);
    // Onto nothing or an empty folder; a folder with contents is refused by the system.
    await rename(draft.root, root);
  } catch (error) {
    await rm(draft.root, { recursive: true, force: true });
    throw fabricError(
      "REGISTRY_UNWRITABLE",
      { file: directory, reason: fileFault(error) },
      { cause: error },
    );
  }
  return identity;
};
