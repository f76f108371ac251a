import type { StartFrom } from "../client/start-of.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { readOptionValue } from "./option-value.ts";

const ROUND = /^([a-z0-9-]{1,64}):(\d{1,10})$/;

/**
 * What `--from` and `--to` say: `now`, `beginning`, a time such as 2026-05-01T16:00:00Z, or a round such as `xau-usd:7`.
 * Throws `USAGE_INVALID`.
 */
export const readStartFrom = (name: string, text: string): StartFrom => {
  if (text === "now" || text === "beginning") return text;
  const [, feed, round] = ROUND.exec(text) ?? [];
  if (feed !== undefined && round !== undefined) return { feed, round: Number(round) };
  try {
    const time = readOptionValue(name, { kind: "time", value: "TIME", help: "" }, text);
    return { time: Number(time) };
  } catch (error) {
    throw fabricError(
      "USAGE_INVALID",
      {
        fault: `--${name} must be now, beginning, a time such as 2026-05-01T16:00:00Z, or a round such as xau-usd:7`,
      },
      { cause: error },
    );
  }
};
