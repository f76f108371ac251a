import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import type { HttpClientCredentials } from "../../../src/sdk/abi.ts";
import { readJson } from "../../../src/sdk/json-reader.ts";
import { JsonNumber } from "../../../src/sdk/json-text.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { WireAnswer, WireRequest } from "./exchange.ts";

/** Life of a token whose answer names none, as Salesforce's does, in ms. */
const DEFAULT_LIFE_MS = 15 * 60_000;
const MAX_LIFE_MS = 24 * 3_600_000;
/** A token is given up this long before it ends, in ms. */
const SAFETY_MS = 30_000;
/** RFC 6750 section 2.1; a shorter one could be guessed, and would be found in answers by chance. */
const TOKEN = /^[A-Za-z0-9\-._~+/!]{8,8000}=*$/;

/** Access tokens of the client credentials grant, fetched once and kept until they end. The guest never sees one. */
export interface AccessTokens {
  /** Throws `HTTP_TOKEN_REFUSED`, or what the request to the token endpoint fails with. */
  get(credentials: HttpClientCredentials, send: TokenSender): Promise<string>;
  /** Forgets a token that a provider refused. */
  forget(credentials: HttpClientCredentials, token: string): void;
  /** True when the text repeats the token that is held for these credentials, which a request was sent with. */
  appearsIn(credentials: HttpClientCredentials, text: string): boolean;
}

/** Sends one request to the token endpoint under the rules for every request. */
export type TokenSender = (
  url: string,
  build: (host: string) => Omit<WireRequest, "url">,
) => Promise<WireAnswer>;

export const createAccessTokens = (secrets: SecretBox, now: () => number): AccessTokens => {
  const held = new Map<string, { readonly token: string; readonly until: number }>();
  const underWay = new Map<string, Promise<string>>();
  const renew = async (
    key: string,
    credentials: HttpClientCredentials,
    send: TokenSender,
  ): Promise<string> => {
    try {
      const fresh = await fetchToken(credentials, secrets, send);
      held.set(key, { token: fresh.token, until: now() + fresh.lifeMs - SAFETY_MS });
      return fresh.token;
    } finally {
      underWay.delete(key);
    }
  };
  return {
    get: async (credentials, send) => {
      const key = keyOf(credentials);
      const known = held.get(key);
      if (known && known.until > now()) return known.token;
      // Requests of one call share the fetch, and with it the time-out of the first of them.
      const promise = underWay.get(key) ?? renew(key, credentials, send);
      underWay.set(key, promise);
      return promise;
    },
    forget: (credentials, token) => {
      const key = keyOf(credentials);
      if (held.get(key)?.token === token) held.delete(key);
    },
    appearsIn: (credentials, text) => {
      const known = held.get(keyOf(credentials));
      return known !== undefined && text.includes(known.token);
    },
  };
};

const keyOf = ({ tokenUrl, clientId, clientSecret, scope }: HttpClientCredentials): string =>
  JSON.stringify([tokenUrl, clientId, clientSecret, scope ?? null]);

const fetchToken = async (
  credentials: HttpClientCredentials,
  secrets: SecretBox,
  send: TokenSender,
): Promise<{ readonly token: string; readonly lifeMs: number }> => {
  let host = "";
  const answer = await send(credentials.tokenUrl, (name) => {
    host = name;
    // In the body as RFC 6749 section 2.3.1 allows; Salesforce and Microsoft document this form.
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: secrets.fill(credentials.clientId, name, new Set()),
      client_secret: secrets.fill(credentials.clientSecret, name, new Set()),
    });
    if (credentials.scope !== undefined) form.set("scope", credentials.scope);
    return {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "cryptlet-fabric",
      },
      body: form.toString(),
    };
  });
  if (answer.status !== 200)
    throw fabricError("HTTP_TOKEN_REFUSED", { host, reason: refusalOf(answer) });
  try {
    return readToken(answer.body.text);
  } catch (cause) {
    const reason = isFabricError(cause) ? cause.code : "unreadable answer";
    throw fabricError("HTTP_TOKEN_REFUSED", { host, reason }, { cause });
  }
};

const readToken = (text: string): { readonly token: string; readonly lifeMs: number } => {
  const root = readJson(text);
  const token = root.field("access_token").text();
  const type = root.field("token_type").text();
  if (!TOKEN.test(token) || type.toLowerCase() !== "bearer")
    throw fabricError("SOURCE_SHAPE", { path: "$.access_token", reason: "not a bearer token" });
  const life = root.optionalField("expires_in")?.value;
  const seconds = life instanceof JsonNumber ? life.text : life;
  const lifeMs =
    typeof seconds === "string" && /^\d{1,9}$/.test(seconds)
      ? Number(seconds) * 1_000
      : DEFAULT_LIFE_MS;
  return { token, lifeMs: Math.min(lifeMs, MAX_LIFE_MS) };
};

/** The error code of RFC 6749 section 5.2 when the answer has one. */
const refusalOf = (answer: WireAnswer): string => {
  try {
    const code = readJson(answer.body.text).field("error").text();
    if (/^[a-z_]{1,64}$/.test(code)) return `${answer.status} ${code}`;
  } catch {
    // The status alone then has to say it.
  }
  return String(answer.status);
};
