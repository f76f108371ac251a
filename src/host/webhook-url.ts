import { fabricError } from "../core/errors/fabric-error.ts";

/** Longest address, characters. */
export const MAX_WEBHOOK_URL = 2_048;

const refused = (reason: string) => fabricError("WEBHOOK_URL_REFUSED", { reason });

/**
 * The parsed address of a webhook. https, without user name and fragment; where private addresses are allowed also http,
 * which `resolveWebhook` then lets go to those alone. Throws `WEBHOOK_URL_REFUSED`.
 */
export const parseWebhookUrl = (text: string, allowPrivateAddresses: boolean): URL => {
  if (text.length > MAX_WEBHOOK_URL)
    throw refused(`it has more than ${MAX_WEBHOOK_URL} characters`);
  if (!URL.canParse(text)) throw refused("it is no URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && !(allowPrivateAddresses && url.protocol === "http:"))
    throw refused("it is not https");
  if (url.username !== "" || url.password !== "") throw refused("it holds a user name or password");
  if (url.hash !== "") throw refused("it has a fragment");
  if (url.hostname === "") throw refused("it names no host");
  return url;
};
