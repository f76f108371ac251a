import type { ErrorEntry } from "../arguments.ts";

export const laneErrors = {
  LANE_ENGINE_MISSING: {
    kind: "user",
    message: "Lane {lane} needs {packages}, and this machine does not have it",
    hint: "Install it beside the fabric, then load the Cryptlet again; `cryptlet doctor` names what each lane needs.",
    exit: 5,
    status: 503,
  },
  GUEST_PROTOCOL: {
    kind: "unavailable",
    message: "The Cryptlet's program does not keep to the line protocol: {reason}",
    hint: "One JSON object a line: calls, then one outcome, then nothing. What a library prints belongs on stderr.",
  },
} as const satisfies Record<string, ErrorEntry>;
