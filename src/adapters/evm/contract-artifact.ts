import { readFile } from "node:fs/promises";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);

const artifactSchema = z.object({
  contractName: z.string(),
  compiler: z.string(),
  abi: z.array(z.record(z.string(), z.unknown())),
  bytecode: hex,
  deployedBytecode: hex,
});

/** A compiled contract of `contracts/`. */
export type ContractArtifact = z.output<typeof artifactSchema>;

/** Compiled contracts lie in `dist/contracts`, whether this file runs from `src` or from `dist/src`. */
const folder = new URL(
  import.meta.url.endsWith(".js") ? "../../../contracts/" : "../../../dist/contracts/",
  import.meta.url,
);

/** Throws `ARTIFACT_MISSING`. */
export const readArtifact = async (name: string): Promise<ContractArtifact> => {
  try {
    const text = await readFile(new URL(`${name}.json`, folder), "utf8");
    return artifactSchema.parse(JSON.parse(text));
  } catch (error) {
    throw fabricError("ARTIFACT_MISSING", { name }, { cause: error });
  }
};
