import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Challenge } from "./protocol.ts";

/** Nonces that are out: each for one host, once, for a short time. They are lost at a restart, on purpose. */
export interface Challenges {
  /** Throws `BROKER_BUSY` when this host holds too many. */
  issue(host: string): Challenge;
  /** Uses a nonce up, whatever comes of it. Throws `BROKER_CHALLENGE_INVALID`. */
  take(host: string, nonce: string): void;
}

/** Unused challenges of one host. */
const MAX_OPEN = 32;

export const createChallenges = (clock: Clock, lifeMs: number): Challenges => {
  const open = new Map<string, { readonly host: string; readonly expiresAt: number }>();
  const forgetOld = (): void => {
    const now = clock.now();
    for (const [nonce, { expiresAt }] of open) {
      // In order of issue, so that the first that lives ends the search.
      if (expiresAt > now) return;
      open.delete(nonce);
    }
  };
  return {
    issue: (host) => {
      forgetOld();
      let held = 0;
      for (const each of open.values()) if (each.host === host) held += 1;
      if (held >= MAX_OPEN) throw fabricError("BROKER_BUSY", {});
      const nonce = randomBytes(32).toString("hex");
      const expiresAt = clock.now() + lifeMs;
      open.set(nonce, { host, expiresAt });
      return { nonce, expiresAt };
    },
    take: (host, nonce) => {
      // Looking it up leaks nothing: it is no secret, the host was told it and its evidence repeats it.
      const found = open.get(nonce);
      if (found?.host !== host) throw fabricError("BROKER_CHALLENGE_INVALID", {});
      open.delete(nonce);
      if (found.expiresAt <= clock.now()) throw fabricError("BROKER_CHALLENGE_INVALID", {});
    },
  };
};
