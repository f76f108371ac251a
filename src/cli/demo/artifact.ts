import { readFile } from "node:fs/promises";
import { z } from "zod";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { builtFile } from "../built-file.ts";

const artifactSchema = z.object({
  abi: z.array(z.record(z.string(), z.unknown())),
  bytecode: z.string().regex(/^0x[0-9a-f]*$/i),
});

/** What solc made of one contract. */
export type Artifact = z.infer<typeof artifactSchema>;

/** Read a compiled contract of this package. Throws `FILE_UNREADABLE`, `FILE_INVALID`. */
export const readArtifact = async (name: string): Promise<Artifact> => {
  const file = builtFile("contracts", `${name}.json`);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError("FILE_UNREADABLE", { file, reason }, { cause: error });
  }
  const parsed = artifactSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw fabricError("FILE_INVALID", { file, what: "a compiled contract", reason: "abi, bytecode" });
};
