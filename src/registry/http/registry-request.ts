import type { z } from "zod";
import { fabricError, isFabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import { fromWire, wireErrorSchema } from "../../core/errors/wire.ts";
import { chunksOf, readBounded } from "../../core/read-bounded.ts";

export interface RegistryRequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

/** Requests to one registry, each bounded in time and in what is read. */
export interface RegistryRequest {
  /** Bytes of an answer of at most `limit`. */
  bytes(path: string, limit: number, options?: RegistryRequestOptions): Promise<Uint8Array>;
  json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options?: RegistryRequestOptions,
  ): Promise<z.output<Schema>>;
}

/** Longest JSON answer that is read, in bytes: a page of entries is about 4 MiB. */
const MAX_JSON = 16 * 1_024 * 1_024;
/** Longest answer that says what is wrong. */
const MAX_ERROR = 65_536;

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed" and keeps the reason in the cause.
  return error.cause instanceof Error ? error.cause.message : error.message;
};

const readBytes = async ({ body }: Response, limit: number): Promise<Uint8Array | null> =>
  body ? await readBounded(chunksOf(body), limit) : new Uint8Array();

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
};

/** The registry's own coded error where the answer holds one. */
const toError = (url: string, status: number, body: Uint8Array | null): FabricError => {
  const json = body === null ? undefined : parse(body);
  const wire = typeof json === "object" && json !== null && "error" in json ? json.error : null;
  if (wireErrorSchema.safeParse(wire).success) return fromWire(wire);
  return fabricError("REGISTRY_UNAVAILABLE", { registry: url, reason: `it answers ${status}` });
};

/** Where a registry is asked. Throws `REGISTRY_ADDRESS_INVALID`. */
const baseOf = (text: string): URL => {
  const refuse = (reason: string) =>
    fabricError("REGISTRY_ADDRESS_INVALID", { registry: text.slice(0, 200), reason });
  if (!URL.canParse(text)) throw refuse("it is no URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse("it begins with http: or https:");
  // They would end up in messages and logs.
  if (url.username !== "" || url.password !== "") throw refuse("it holds a user or a password");
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
};

/** @see RegistryRequest */
export const createRegistryRequest = (base: {
  readonly url: string;
  /** Bearer token of an API that asks for one. */
  readonly token: string | null;
  /** ms, for one answer. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
}): RegistryRequest => {
  const root = baseOf(base.url);
  const authorization = base.token === null ? {} : { authorization: `Bearer ${base.token}` };

  const bytes: RegistryRequest["bytes"] = async (path, limit, options = {}) => {
    const { signal, body, type } = options;
    const url = new URL(path, root).href;
    const time = AbortSignal.timeout(base.timeoutMs);
    try {
      const response = await base.fetch(url, {
        method: body ? "POST" : "GET",
        headers: { ...authorization, ...(type === undefined ? {} : { "content-type": type }) },
        ...(body ? { body } : {}),
        // A redirect would carry token and submission to whoever the answer names.
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, time]) : time,
      });
      if (!response.ok) throw toError(url, response.status, await readBytes(response, MAX_ERROR));
      const read = await readBytes(response, limit);
      if (read) return read;
      throw fabricError("REGISTRY_ANSWER_INVALID", { url, reason: `more than ${limit} bytes` });
    } catch (error) {
      if (isFabricError(error)) throw error;
      if (signal?.aborted) throw signal.reason;
      throw fabricError(
        "REGISTRY_UNAVAILABLE",
        { registry: url, reason: reasonOf(error) },
        { cause: error },
      );
    }
  };

  return {
    bytes,
    json: async (path, schema, options) => {
      const parsed = schema.safeParse(parse(await bytes(path, MAX_JSON, options)));
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      const reason = issue ? `${issue.path.join(".")}: ${issue.message}` : "unknown shape";
      throw fabricError("REGISTRY_ANSWER_INVALID", { url: new URL(path, root).href, reason });
    },
  };
};
