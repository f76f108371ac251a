import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { SigningKey } from "ethers";
import { onTestFinished } from "vitest";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import type { Certificates } from "./certificates.ts";

/** What happens instead of the service's own answer; false to answer as usual. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Web3Signer's eth1 API with real keys behind it. */
export interface SigningService {
  readonly url: string;
  /** `METHOD path` and the bearer token of each request. */
  readonly seen: { readonly request: string; readonly authorization: string | undefined }[];
  interfere(how: Interference | null): void;
}

const publicKeyOf = (secret: string): string =>
  `0x${new SigningKey(secret).publicKey.slice("0x04".length)}`;

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * Starts it; it ends with the test. `secrets` are its keys. With `tls` it speaks TLS and takes only clients that show a
 * certificate of the same authority.
 */
export const startSigningService = async (
  secrets: readonly string[],
  options: { readonly tls?: Certificates; readonly token?: string } = {},
): Promise<SigningService> => {
  const keys = new Map(secrets.map((secret) => [publicKeyOf(secret), secret]));
  const seen: SigningService["seen"] = [];
  let interference: Interference | null = null;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { authorization } = request.headers;
    seen.push({ request: `${request.method} ${request.url}`, authorization });
    const body = await readBody(request);
    if (interference?.(request, response) === true) return;
    const end = (status: number, text = ""): void => {
      response.writeHead(status, { "content-type": "text/plain" }).end(text);
    };
    if (options.token !== undefined && authorization !== `Bearer ${options.token}`) return end(401);
    const path = request.url ?? "";
    if (path === "/api/v1/eth1/publicKeys") return end(200, JSON.stringify([...keys.keys()]));
    const [, identifier = ""] = /^\/api\/v1\/eth1\/sign\/([^/]+)$/.exec(path) ?? [];
    const secret = keys.get(identifier);
    if (secret === undefined) return end(404);
    const { data } = JSON.parse(body) as { data: string };
    const signature = createSigningKey("secp256k1-keccak256", hexToBytes(secret, 32)).sign(
      hexToBytes(data),
    );
    end(200, `0x${bytesToHex(signature)}`);
  };
  const listener: RequestListener = (request, response) => {
    answer(request, response).catch(() => response.destroy());
  };
  const { tls } = options;
  const server = tls
    ? createTlsServer(
        { cert: tls.cert, key: tls.key, ca: tls.ca, requestCert: true, rejectUnauthorized: true },
        listener,
      )
    : createServer(listener);
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    seen,
    interfere: (how) => {
      interference = how;
    },
  };
};
