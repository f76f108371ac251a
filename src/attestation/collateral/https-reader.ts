import { Agent, request } from "undici";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";

/** Where a collateral service is and how long it is waited for. */
export interface HttpsReaderOptions {
  /** Names the service in errors. */
  readonly source: string;
  /** `https:` only, without path. */
  readonly baseUrl: string;
  /** PEM of an authority to believe instead of the system's, for a mirror inside a company. */
  readonly ca?: string;
  /** For each request, ms. */
  readonly timeoutMs?: number;
}

/** One answer. */
export interface HttpsAnswer {
  readonly body: Uint8Array;
  /** One header by name in lower case; null where it is missing or stands twice. */
  header(name: string): string | null;
}

/** Reads bounded answers of one service. */
export interface HttpsReader {
  /** Null for 404. Throws `COLLATERAL_UNAVAILABLE`. */
  get(path: string, options: { readonly signal: AbortSignal }): Promise<HttpsAnswer | null>;
}

const MAX_BODY_BYTES = 2_097_152;
const DEFAULT_TIMEOUT_MS = 10_000;

/** The origin of a service. Throws `CONFIG_INVALID` unless it is https without credentials or path. */
const originOf = (baseUrl: string): string => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url?.protocol === "https:" && url.username === "" && url.pathname === "/") return url.origin;
  throw fabricError("CONFIG_INVALID", {
    count: 1,
    faults: "a collateral service's address is https:// and a host, nothing else",
  });
};

const readBody = async (body: AsyncIterable<unknown>): Promise<Uint8Array> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw new Error(`its answer has more than ${MAX_BODY_BYTES} bytes`);
    parts.push(bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
};

/**
 * Reader of one service: https only, no redirects, bounded answers and time. What it reads is believed by nobody: the
 * verifier checks it to the last byte. Throws `CONFIG_INVALID`.
 */
export const createHttpsReader = (options: HttpsReaderOptions): HttpsReader => {
  const { source, ca, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const origin = originOf(options.baseUrl);
  const agent = new Agent({ connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) } });
  const unavailable = (reason: string, cause?: unknown) =>
    fabricError("COLLATERAL_UNAVAILABLE", { source, reason }, { cause });
  return {
    get: async (path, { signal }) => {
      const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const answer = await request(`${origin}${path}`, { dispatcher: agent, signal: ended });
        const { statusCode, headers } = answer;
        if (statusCode !== 200) {
          await answer.body.dump();
          if (statusCode === 404) return null;
          throw unavailable(`it answered with status ${statusCode}`);
        }
        const body = await readBody(answer.body);
        return {
          body,
          header: (name) => {
            const value = headers[name];
            return typeof value === "string" ? value : null;
          },
        };
      } catch (error) {
        signal.throwIfAborted();
        if (isFabricError(error)) throw error;
        throw unavailable(error instanceof Error ? error.message : String(error), error);
      }
    },
  };
};
