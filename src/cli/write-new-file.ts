import { writeFile } from "node:fs/promises";

import { fabricError } from "../core/errors/fabric-error.ts";

/** Write a file that must not exist yet: no command overwrites what is there. `mode` is that of the file. Throws `FILE_UNWRITABLE`. */
export const writeNewFile = async (
  file: string,
  text: string,
  options: { readonly mode?: number } = {},
): Promise<void> => {
  try {
    await writeFile(file, text, { flag: "wx", ...options });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError("FILE_UNWRITABLE", { file, reason }, { cause: error });
  }
};
