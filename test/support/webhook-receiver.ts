import { writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import path from "node:path";
import { onTestFinished } from "vitest";
import { verifyWebhook, type WebhookEvent } from "../../src/client/verify-webhook.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startTlsServer } from "./tls-server.ts";

/** One call as it came. */
export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Throws unless the call is signed with the secret. */
  verify(secret: string): WebhookEvent;
}

/** An endpoint of a subscriber: real TLS, answers as the test says. */
export interface WebhookReceiver {
  readonly url: string;
  /** For `webhooks.caFile`. */
  readonly caFile: string;
  readonly calls: ReceivedCall[];
  readonly inbox: Inbox<ReceivedCall>;
  /** Status of the answers from now on, or what answers. */
  answer: number | ((call: ReceivedCall, response: ServerResponse) => void);
}

export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const calls: ReceivedCall[] = [];
  const inbox = createInbox<ReceivedCall>();
  const server = await startTlsServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers } = request;
      const body = Buffer.concat(chunks).toString("utf8");
      const verify = (secret: string) => verifyWebhook({ secret, headers, body });
      const call = { headers, body, verify };
      calls.push(call);
      if (typeof receiver.answer === "number") {
        response.statusCode = receiver.answer;
        response.end();
      } else receiver.answer(call, response);
      inbox.add(call);
    });
  });
  onTestFinished(() => server.close());
  const caFile = path.join(temporaryFolder(), "ca.pem");
  writeFileSync(caFile, server.caPem);
  const url = `https://localhost:${server.port}/rounds`;
  const receiver: WebhookReceiver = { url, caFile, calls, inbox, answer: 204 };
  return receiver;
};
