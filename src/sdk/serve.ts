import type { ObservationDraft, RunOutcome, TriggerInput } from "./abi.ts";
import { createContext } from "./create-context.ts";
import type { Cryptlet } from "./define-cryptlet.ts";
import type { HostCaller } from "./host-call.ts";
import { guestHostCall } from "./host-call.ts";
import { guestError, toRefusal } from "./guest-error.ts";

/** What the bundle puts on `globalThis.__cryptlet`; both sides are JSON text. */
export interface GuestHandle {
  /** Takes a `TriggerInput`, gives a `RunOutcome`; never throws. */
  handle(triggerJson: string): string | Promise<string>;
}

const refuse = (error: unknown): string =>
  JSON.stringify({ error: toRefusal(error) } satisfies RunOutcome);
const accept = (observation: ObservationDraft): string =>
  JSON.stringify({ ok: { observation } } satisfies RunOutcome);

/**
 * Turns a Cryptlet into the handle that the enclave calls. `hostCall` is the wall; the test kit puts its own.
 * @example
 * ```ts
 * globalThis.__cryptlet = serve(cryptlet);
 * ```
 */
export const serve = <Parameters>(
  cryptlet: Cryptlet<Parameters>,
  hostCall: HostCaller = guestHostCall,
): GuestHandle => ({
  handle: (triggerJson) => {
    try {
      const trigger = JSON.parse(triggerJson) as TriggerInput;
      const feed = cryptlet.manifest.feeds.find(({ id }) => id === trigger.feed);
      const definition = Object.hasOwn(cryptlet.feeds, trigger.feed)
        ? cryptlet.feeds[trigger.feed]
        : undefined;
      if (!feed || !definition)
        throw guestError("FEED_NOT_DECLARED", {
          cryptlet: cryptlet.manifest.id,
          feed: trigger.feed,
        });
      const parameters = definition.parameters(trigger.parameters);
      const answer = cryptlet.run(createContext({ trigger, feed, parameters, hostCall }));
      return answer instanceof Promise ? answer.then(accept, refuse) : accept(answer);
    } catch (error) {
      return refuse(error);
    }
  },
});
