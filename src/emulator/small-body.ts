import type { IncomingMessage } from "node:http";

const MAX_BYTES = 65_536;

/** Reads a request's body as UTF-8 text; cuts the connection when it is longer than 64 KiB. */
export const readSmallBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BYTES) {
      request.destroy();
      break;
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
};
