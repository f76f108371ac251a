import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import { digits, pageLimit } from "../parameters.ts";
import {
  registryPackageAnswer,
  registryPublisherAnswer,
  registryReleaseAnswer,
  registrySearchAnswer,
} from "../registry-answers.ts";
import { servedRegistry } from "../served-registry.ts";

type Log = ReturnType<typeof servedRegistry>["log"];
type Release = Awaited<ReturnType<Log["releases"]>>[number];
type Publisher = Awaited<ReturnType<Log["publisher"]>>;

/** Releases of one page, and characters of their entries after which it ends. */
const PAGE = 50;
const MAX_CHARACTERS = 2_097_152;
const MAX_NAMES = 10_000;

const name = cryptletIdSchema.describe("name of a package");

const releasesPage = (
  /** From `from` on, and one more than a page where there are more. */
  releases: readonly Release[],
  from: number,
): { releases: Release[]; next: number | null } => {
  const page: Release[] = [];
  let characters = 0;
  for (const release of releases.slice(0, PAGE)) {
    characters += release.entry.leaf.length;
    if (page.length > 0 && characters > MAX_CHARACTERS) break;
    page.push(release);
  }
  return { releases: page, next: page.length < releases.length ? from + page.length : null };
};

const toPublisher = (found: Publisher, keyid: string) => {
  if (!found) throw fabricError("PUBLISHER_UNKNOWN", { keyid });
  return { ...found, names: found.names.slice(0, MAX_NAMES) };
};

/** Packages, their releases and publishers, and search over them. */
export const registryPackageRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  const tags = ["registry"];

  app.get(
    "/v1/registry/search",
    {
      schema: {
        tags,
        summary: "Packages that answer words and filters, best first",
        description:
          "Words must all be there; the last one may be half typed. Filters are feed: kind: capability: host: chain: calls: publisher: licence: lane: language: is:, and feed:xau-* asks for a beginning.",
        querystring: z.strictObject({
          q: z.string().max(256).default("").describe("words and filters; all packages without"),
          limit: pageLimit,
          cursor: z.string().max(128).optional().describe("`next` of the page before"),
          revoked: z.enum(["true", "false"]).default("false").describe("show revoked ones too"),
        }),
        response: { ...errorAnswers, 200: registrySearchAnswer },
      },
    },
    async ({ query: { q, limit, cursor = null, revoked } }) => {
      const page = await servedRegistry(fabric).search({
        query: q,
        limit,
        cursor,
        revoked: revoked === "true",
      });
      return {
        next: page.next,
        corrections: page.corrections.map(({ typed, taken }) => ({ typed, taken: [...taken] })),
        packages: page.packages.map((found) => ({
          ...found,
          feeds: [...found.feeds],
          capabilities: [...found.capabilities],
          hosts: [...found.hosts],
          chains: [...found.chains],
          calls: [...found.calls],
        })),
      };
    },
  );

  app.get(
    "/v1/registry/packages/:name",
    {
      schema: {
        tags,
        summary: "Releases of a package; none where nobody published it",
        params: z.strictObject({ name }),
        querystring: z.strictObject({
          from: digits(1_000_000).prefault("0").describe("`next` of the page before"),
        }),
        response: { ...errorAnswers, 200: registryPackageAnswer },
      },
    },
    async ({ params, query: { from } }) => {
      const { log } = servedRegistry(fabric);
      return releasesPage(await log.releases(params.name, { from, limit: PAGE + 1 }), from);
    },
  );

  app.get(
    "/v1/registry/packages/:name/:version",
    {
      schema: {
        tags,
        summary: "One release",
        params: z.strictObject({ name, version: z.string().min(1).max(64) }),
        response: { ...errorAnswers, 200: registryReleaseAnswer },
      },
    },
    async ({ params }) => {
      const found = await servedRegistry(fabric).log.release(params.name, params.version);
      if (found) return found;
      throw fabricError("RELEASE_UNKNOWN", { release: `${params.name}@${params.version}` });
    },
  );

  app.get(
    "/v1/registry/publishers/:id",
    {
      schema: {
        tags,
        summary: "A publisher",
        params: z.strictObject({ id: digestSchema.describe("keyid of its first key") }),
        response: { ...errorAnswers, 200: registryPublisherAnswer },
      },
    },
    async ({ params: { id } }) => toPublisher(await servedRegistry(fabric).log.publisher(id), id),
  );

  app.get(
    "/v1/registry/publisher-keys/:keyid",
    {
      schema: {
        tags,
        summary: "The publisher whose key this is, or was",
        params: z.strictObject({ keyid: digestSchema.describe("keyid of a key") }),
        response: { ...errorAnswers, 200: registryPublisherAnswer },
      },
    },
    async ({ params: { keyid } }) =>
      toPublisher(await servedRegistry(fabric).log.publisherOfKey(keyid), keyid),
  );
  done();
};
