import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { digestSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import { digits } from "../parameters.ts";
import { logEntriesAnswer, logProofAnswer, registryAnswer } from "../registry-answers.ts";
import { servedRegistry } from "../served-registry.ts";

const MAX_POSITION = 999_999_999_999_999;
/** Entries that one answer may ask of the disk, and the characters after which it ends. */
const MAX_ENTRIES = 1_000;
const READ_AT_ONCE = 50;
const MAX_CHARACTERS = 4_194_304;

const position = digits(MAX_POSITION);

/** Entries one small part after the other, so that long ones do not pile up. */
const readEntries = async (
  log: ReturnType<typeof servedRegistry>["log"],
  range: { readonly from: number; readonly limit: number },
): Promise<{ position: number; leaf: string }[]> => {
  const entries: { position: number; leaf: string }[] = [];
  let characters = 0;
  while (entries.length < range.limit && characters < MAX_CHARACTERS) {
    const limit = Math.min(READ_AT_ONCE, range.limit - entries.length);
    const part = await log.entries({ from: range.from + entries.length, limit });
    for (const entry of part) {
      characters += entry.leaf.length;
      if (entries.length > 0 && characters > MAX_CHARACTERS) break;
      entries.push({ ...entry });
    }
    if (part.length < limit) break;
  }
  return entries;
};

const toHex = (proof: readonly Uint8Array[]): { proof: string[] } => ({
  proof: proof.map((hash) => Buffer.from(hash).toString("hex")),
});

/** The registry's log and the files that it names, for mirrors and verifiers. */
export const registryLogRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  const tags = ["registry"];

  app.get(
    "/v1/registry",
    { schema: { tags, summary: "Who it is", response: { ...errorAnswers, 200: registryAnswer } } },
    async () => {
      const { origin, verifier, takesReleases } = servedRegistry(fabric);
      return { origin, verifier, publish: takesReleases };
    },
  );

  app.get(
    "/v1/registry/checkpoint",
    {
      schema: {
        tags,
        summary: "The newest checkpoint: a C2SP signed note (tlog-checkpoint)",
        response: { ...errorAnswers, 200: { content: { "text/plain": { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      const note = await servedRegistry(fabric).log.checkpoint();
      // Bytes pass by the serialiser, which would make JSON of the text.
      return reply.type("text/plain; charset=utf-8").send(Buffer.from(note) as unknown as string);
    },
  );

  app.get(
    "/v1/registry/entries",
    {
      schema: {
        tags,
        summary: "Entries of the log, in order",
        querystring: z.strictObject({
          from: position.describe("position of the first"),
          limit: digits(MAX_ENTRIES).pipe(z.int().min(1)).prefault("100").describe("1 to 1,000"),
        }),
        response: { ...errorAnswers, 200: logEntriesAnswer },
      },
    },
    async ({ query }) => ({ entries: await readEntries(servedRegistry(fabric).log, query) }),
  );

  app.get(
    "/v1/registry/proofs/inclusion",
    {
      schema: {
        tags,
        summary: "Proof that an entry stands in the log (RFC 6962 section 2.1.1)",
        querystring: z.strictObject({ position, size: position.describe("of a checkpoint") }),
        response: { ...errorAnswers, 200: logProofAnswer },
      },
    },
    async ({ query }) => toHex(await servedRegistry(fabric).log.inclusionProof(query)),
  );

  app.get(
    "/v1/registry/proofs/consistency",
    {
      schema: {
        tags,
        summary: "Proof that the log continues what it was (RFC 6962 section 2.1.2)",
        querystring: z.strictObject({
          from: position.describe("size of the earlier checkpoint"),
          to: position.describe("size of the later one"),
        }),
        response: { ...errorAnswers, 200: logProofAnswer },
      },
    },
    async ({ query }) => toHex(await servedRegistry(fabric).log.consistencyProof(query)),
  );

  app.get(
    "/v1/registry/blobs/:digest",
    {
      schema: {
        tags,
        summary: "A release's file, as it is",
        params: z.strictObject({ digest: digestSchema.describe("of the file") }),
        response: {
          ...errorAnswers,
          200: { content: { "application/octet-stream": { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const bytes = await servedRegistry(fabric).log.blob(request.params.digest);
      const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return reply.type("application/octet-stream").send(whole as unknown as string);
    },
  );
  done();
};
