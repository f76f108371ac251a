import { z } from "zod";
import { chainNameSchema, feedIdSchema } from "../core/ids.ts";

/**
 * Which contract on which chain gets a feed.
 * `every`: each round is put on chain, in order. `latest`: a round that a newer one has overtaken before it was
 * submitted is superseded, not sent.
 * @example
 * ```ts
 * bindingSchema.parse({ feed: "xau-usd", chain: "local", contract: "0x5fbd…0aa3", mode: "every" });
 * ```
 */
export const bindingSchema = z.strictObject({
  feed: feedIdSchema,
  chain: chainNameSchema,
  /** The contract's address in the chain's own notation; the chain's adapter checks its form. */
  contract: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[\u0021-\u007e]+$/, "contract: printable ASCII without spaces"),
  mode: z.enum(["every", "latest"]).default("every"),
});

/** @see bindingSchema */
export type Binding = z.infer<typeof bindingSchema>;

const MAX_BINDINGS = 1_000;

/** The bindings of one fabric; the same feed is bound to the same contract once. */
export const bindingsSchema = z
  .array(bindingSchema)
  .max(MAX_BINDINGS)
  .superRefine((bindings, context) => {
    const seen = new Set<string>();
    for (const [index, { feed, chain, contract }] of bindings.entries()) {
      const key = `${feed} ${chain} ${contract.toLowerCase()}`;
      if (seen.has(key))
        context.addIssue({
          code: "custom",
          path: [index],
          message: "bound twice to this contract",
        });
      seen.add(key);
    }
  });

/** Bindings of one feed, in the order they were written. */
export const bindingsOf = (
  bindings: readonly Binding[],
  feed: Binding["feed"],
): readonly Binding[] => bindings.filter((binding) => binding.feed === feed);
