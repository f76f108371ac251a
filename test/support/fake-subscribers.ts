import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Fabric } from "../../src/host/fabric.ts";

/** Subscriptions, webhooks and requests of a fabric that has none; what they do is tested on the real desks. */
export const createFakeSubscribers = (): Pick<
  Fabric,
  "subscriptions" | "webhooks" | "requests"
> => {
  const noSubscription = async (name: string): Promise<never> => {
    throw fabricError("SUBSCRIPTION_UNKNOWN", { name });
  };
  const noWebhook = async (webhook: string): Promise<never> => {
    throw fabricError("WEBHOOK_UNKNOWN", { webhook });
  };
  return {
    subscriptions: {
      list: async () => [],
      get: noSubscription,
      ensure: async ({ name }) => noSubscription(name),
      remove: noSubscription,
      open: noSubscription,
      renew: noSubscription,
      release: noSubscription,
      pull: noSubscription,
      acknowledge: noSubscription,
      seek: noSubscription,
    },
    webhooks: {
      list: async () => [],
      get: noWebhook,
      add: async ({ url }) => noWebhook(url),
      remove: noWebhook,
      rotate: noWebhook,
      resume: noWebhook,
      calls: noWebhook,
      replay: noWebhook,
    },
    requests: {
      ask: async (feed) => {
        throw fabricError("FEED_UNKNOWN", { feed });
      },
    },
  };
};
