import type { Wall } from "../protocol/lane.ts";
import type { Guest } from "./guest.ts";

/** Where the guests of one publisher live. */
export interface GuestHouse {
  readonly wall: Wall;
  /** Starts a guest. Throws `WALL_UNAVAILABLE`. */
  start(): Guest;
  /** False when its process is gone and another house is needed. */
  readonly alive: boolean;
  /** Ends every guest; the last resort is SIGKILL. */
  close(): Promise<void>;
}
