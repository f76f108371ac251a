import { fromWire } from "../../src/core/errors/wire.ts";
import type { GuestHouse } from "./guest-house.ts";
import { startThreadGuest } from "./thread-guest.ts";

/** Guests as threads of the enclave's own process: for what ships with the fabric, and where there is no wall. */
export const createThreadGuestHouse = (): GuestHouse => ({
  wall: "none",
  alive: true,
  start: () => startThreadGuest(fromWire),
  close: async () => undefined,
});
