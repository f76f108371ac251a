import type { CryptletCaller } from "../../enclave-sim/capabilities/call/cryptlet-caller.ts";
import type { ChainReader } from "../../enclave-sim/capabilities/chain/chain-reader.ts";
import type { HttpCapability } from "../../enclave-sim/capabilities/http/http-capability.ts";
import { digestSchema } from "../core/ids.ts";
import type { Manifest } from "../sdk/manifest.ts";
import { answerRequest } from "./answer-request.ts";
import { callReply, chainReading } from "./recorded-readings.ts";
import type { SourceAnswers } from "./source-answers.ts";

/** What the enclave's capabilities work with in a test: the enclave checks, counts and journals, the recording answers. */
export const createRecordedServices = (parts: {
  readonly manifest: Manifest;
  /** Of the run that is under way. */
  readonly sources: () => SourceAnswers;
  readonly secrets: () => readonly string[];
  /** ms since epoch. */
  readonly now: () => number;
}): {
  readonly http: HttpCapability;
  readonly chains: ChainReader;
  readonly cryptlets: CryptletCaller;
} => {
  const { manifest, sources, secrets, now } = parts;
  const granted = manifest.capabilities;
  return {
    http: {
      all: async (requests, { nextReference }) => {
        const rules = { granted, secrets: secrets(), sources: sources(), at: now() };
        return requests.map((request, at) => {
          const repeated = requests.findIndex(({ id }) => id === request.id) < at;
          return answerRequest(request, nextReference(), repeated, rules);
        });
      },
      close: async () => undefined,
    },
    chains: {
      read: async ({ chain, block, queries }) => {
        const entry = granted.chains.find((named) => named.chain === chain);
        const found = sources().chain({ chain, block, queries });
        return chainReading(found, { id: chain, entry, block, at: now() });
      },
    },
    cryptlets: {
      call: async ({ cryptlet, feed, parameters }) => {
        const found = sources().call({ cryptlet, feed, parameters });
        const reply = callReply(found, { id: cryptlet, cryptlet, at: now() });
        return {
          version: reply.cryptlet.version,
          measurement: digestSchema.parse(reply.cryptlet.measurement),
          observation: reply.observation,
          mode: reply.mode,
          receiptDigest: digestSchema.parse(reply.receipt),
          transcriptDigest: digestSchema.parse(reply.receipt),
          transcripts: [],
        };
      },
    },
  };
};
