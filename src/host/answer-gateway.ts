import { AbiCoder } from "ethers";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedHash } from "../core/ids.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { parseEnvelope } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import type { Fabric } from "./fabric.ts";

/** Bytes of a signature by one key; a group's is shorter. */
const LIST_SIGNATURE = 65;

/**
 * Answer to a contract's question for the newest observation of a feed (EIP-3668, `ICryptletGateway`):
 * `abi.encode(bytes payload, bytes[] signatures)`, `0x` hex. Nothing is signed here: the contract checks what enclaves
 * signed. A group's signature goes alone, and only where no key signed by itself.
 * Throws `GATEWAY_FEED_UNKNOWN` (also for a record, which has no form for contracts, and before the first round).
 */
export const answerGateway = async (
  fabric: Pick<Fabric, "feeds" | "envelopes">,
  feedHash: FeedHash,
): Promise<`0x${string}`> => {
  const unknown = () => fabricError("GATEWAY_FEED_UNKNOWN", { feedHash });
  const feed = (await fabric.feeds.list()).find(({ hash }) => hash === feedHash);
  if (feed?.kind !== "decimal") throw unknown();
  const [round] = await fabric.feeds.rounds(feed.id, { limit: 1 });
  if (!round) throw unknown();
  const stored = await fabric.envelopes.envelope(round.envelopeDigest, "solabi");
  const envelope = parseEnvelope(JSON.stringify(stored));
  // A batch's round has another form, which its own contract takes.
  if (envelope.payloadType !== OBSERVATION_SOLABI_TYPE) throw unknown();
  const all = envelope.signatures.map(({ sig }) => decodeBase64(sig, "signature"));
  const single = all.filter(({ length }) => length === LIST_SIGNATURE);
  return AbiCoder.defaultAbiCoder().encode(
    ["bytes", "bytes[]"],
    [decodeBase64(envelope.payload, "payload"), single.length > 0 ? single : all.slice(0, 1)],
  ) as `0x${string}`;
};
