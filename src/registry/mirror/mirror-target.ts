import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fileFault } from "../../core/errors/file-fault.ts";
import { systemCode } from "../../core/errors/system-code.ts";
import { emptyFolderLog, readFolderLog, type FolderLog } from "../folder-log.ts";
import { isRegistryFolder, readRegistryIdentity } from "../open-folder-registry.ts";
import { registryFolder, type RegistryFolder } from "../registry-folder.ts";

/** What stands in a registry's folder: a folder with anything else in it was meant for something else. */
const OWN = /^(?:registry\.json|checkpoint|log|blobs|private|search\.db(?:-wal|-shm)?)$/;

/** The folder that a copy goes into. */
export interface MirrorTarget {
  readonly folder: RegistryFolder;
  /** Key that the copy was made under; null where there is none yet. */
  readonly verifier: string | null;
}

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw fabricError(
      "REGISTRY_UNWRITABLE",
      { file: directory, reason: fileFault(error) },
      { cause: error },
    );
  }
};

/**
 * Look at a folder before anything is copied into it. Throws `MIRROR_TARGET_REFUSED` for a folder of something else and
 * for a registry that is no copy, `REGISTRY_DAMAGED`, `REGISTRY_UNWRITABLE`.
 */
export const openMirrorTarget = async (directory: string): Promise<MirrorTarget> => {
  const folder = registryFolder(path.resolve(directory));
  const refuse = (reason: string) =>
    fabricError("MIRROR_TARGET_REFUSED", { folder: folder.root, reason });
  const other = (await namesIn(folder.root)).find((name) => !OWN.test(name));
  if (other !== undefined) throw refuse(`it holds ${other.slice(0, 80)}, which is no registry's`);
  if (existsSync(folder.secret)) throw refuse("it is a registry of its own, with the key to sign");
  const known = isRegistryFolder(folder.root) ? await readRegistryIdentity(folder) : null;
  return { folder, verifier: known?.key ?? null };
};

/** Makes what the lock and the drafts need; nothing of it is a registry yet. Throws `REGISTRY_UNWRITABLE`. */
export const prepareMirrorTarget = async ({ folder }: MirrorTarget): Promise<void> => {
  try {
    await mkdir(path.dirname(folder.lock), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fabricError(
      "REGISTRY_UNWRITABLE",
      { file: folder.lock, reason: fileFault(error) },
      { cause: error },
    );
  }
};

/** What the copy holds already; nothing where no run ended yet. Throws what reading a folder's log throws. */
export const readMirrorLog = async (
  { folder }: MirrorTarget,
  verifier: string,
  call: { readonly signal?: AbortSignal },
): Promise<FolderLog> =>
  existsSync(folder.checkpoint)
    ? await readFolderLog(folder, verifier, emptyFolderLog(), call)
    : emptyFolderLog();
