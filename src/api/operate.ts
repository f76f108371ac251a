import type { onRequestHookHandler } from "fastify";
import { fabricError } from "../core/errors/fabric-error.ts";

/** Refuses what changes anything on an API that has no token: whoever reaches it could do it. */
export const refuseWithoutToken: onRequestHookHandler = (_request, _reply, done) => {
  done(fabricError("API_READ_ONLY", {}));
};
