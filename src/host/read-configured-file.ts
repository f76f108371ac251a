import { readFile } from "node:fs/promises";
import { fabricError } from "../core/errors/fabric-error.ts";

/** Text of a file that the configuration names under `setting`. Throws `CONFIG_FILE_UNREADABLE`. */
export const readConfiguredFile = async (setting: string, file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fabricError("CONFIG_FILE_UNREADABLE", { setting, file, reason }, { cause });
  }
};
