import type { Digest } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { Provenance } from "../capabilities/capability.ts";
import { ABI_VERSION, type JournalEntry, type Transcript } from "../protocol/transcript.ts";

/** What a run began with; the first link of its chain. */
export type RunOpening = Pick<Transcript, "runId" | "cryptlet" | "trigger" | "seed">;

/** Hash chain over everything that decided a run. */
export interface Journal {
  append(call: {
    readonly op: string;
    readonly request: string;
    readonly response: string;
    readonly provenance: readonly Provenance[];
  }): void;
  /** Adds the outcome as the last link and gives the whole. */
  close(outcome: Transcript["outcome"], fuel: number): Transcript;
}

const encoder = new TextEncoder();
const hash = (text: string): Digest => digestOf(encoder.encode(text));
/** Length-free concatenation is safe here: every part is a digest or canonical JSON behind a domain of its own. */
const link = (head: Digest, domain: string, content: unknown): Digest =>
  hash(`cryptlet/journal/v1/${domain}\n${head}\n${canonicalJson(content)}`);

const NO_HEAD = `sha256:${"0".repeat(64)}` as Digest;
const openingHead = ({ runId, cryptlet, trigger, seed }: RunOpening): Digest =>
  link(NO_HEAD, "open", { abi: ABI_VERSION, runId, cryptlet, trigger, seed });
const entryHead = (head: Digest, entry: Omit<JournalEntry, "head">): Digest =>
  link(head, "call", {
    seq: entry.seq,
    op: entry.op,
    request: hash(entry.request),
    response: hash(entry.response),
    provenance: entry.provenance,
  });
const outcomeHead = (head: Digest, outcome: Transcript["outcome"], fuel: number): Digest =>
  link(head, "end", { outcome, fuel });

/** Begin the journal of a run. */
export const openJournal = (opening: RunOpening): Journal => {
  const entries: JournalEntry[] = [];
  const first = openingHead(opening);
  let head = first;
  return {
    append: ({ op, request, response, provenance }) => {
      const entry = {
        seq: entries.length + 1,
        op,
        request,
        response,
        provenance: [...provenance],
      };
      head = entryHead(head, entry);
      entries.push({ ...entry, head });
    },
    close: (outcome, fuel) => ({
      abi: ABI_VERSION,
      runId: opening.runId,
      cryptlet: opening.cryptlet,
      trigger: opening.trigger,
      seed: opening.seed,
      opening: first,
      entries,
      outcome,
      fuel,
      head: outcomeHead(head, outcome, fuel),
    }),
  };
};

/** The first fault of a transcript's chain in words; null when it is whole. */
export const findChainFault = (transcript: Transcript): string | null => {
  let head = openingHead(transcript);
  if (head !== transcript.opening)
    return "its run, Cryptlet, trigger or seed is not what it was opened with";
  for (const [index, entry] of transcript.entries.entries()) {
    head = entryHead(head, entry);
    if (entry.seq !== index + 1) return `entry ${index + 1} has the number ${entry.seq}`;
    if (entry.head !== head) return `entry ${entry.seq} does not fit to the ones before it`;
  }
  return outcomeHead(head, transcript.outcome, transcript.fuel) === transcript.head
    ? null
    : "its outcome does not fit to its entries";
};
