import { randomBytes } from "node:crypto";

import { type EvidenceDocument, parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { createFabricClient } from "../client/fabric-client.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { CommandResult } from "./command.ts";
import { loadOnce } from "./load-once.ts";
import { openPackage } from "./open-package.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";
import { writeNewFile } from "./write-new-file.ts";

/** Flags of the command. */
export interface EvidenceOptions {
  readonly url: string;
  readonly nonce: string | undefined;
  readonly cryptlet: string | undefined;
  readonly out: string | undefined;
  readonly anchorOut: string | undefined;
  readonly style: Style;
  readonly signal: AbortSignal;
}

/** One piece of evidence, wherever it came from. Nothing of it is verified. */
interface Found {
  readonly evidence: Evidence;
  readonly platformRoot: string;
}

const NONCE = /^[0-9a-f]{64}$/;

const usage = (fault: string) => fabricError("USAGE_INVALID", { fault });

/** Evidence of a package that is loaded once. */
const ofPackage = async (folder: string, nonce: string, signal: AbortSignal): Promise<Found> => {
  const { found } = await openPackage(folder);
  return loadOnce(found, signal, async (loaded) => {
    const { evidence } = await loaded.renewEvidence({ nonce }, { signal });
    return { evidence, platformRoot: loaded.platformRoot };
  });
};

/** Fresh evidence of a running fabric. */
const ofHost = async (
  nonce: string,
  { url, cryptlet, signal }: Pick<EvidenceOptions, "url" | "cryptlet" | "signal">,
): Promise<Found> => {
  const client = createFabricClient({ url });
  const { evidence } = await client.attestation({ nonce, cryptlet }, { signal });
  const [first, ...more] = evidence;
  if (!first) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: cryptlet ?? "(none is loaded)" });
  if (more.length > 0) {
    const names = evidence.map((one) => one.cryptlet).join(", ");
    throw usage(`the fabric runs several Cryptlets; name one with --cryptlet: ${names}`);
  }
  return first;
};

const summaryOf = (document: EvidenceDocument) => {
  const { registration, tee, epoch, keys, host } = document;
  return {
    tee,
    layers: host === null ? 1 : 2,
    cryptlet: registration.cryptlet,
    purpose: registration.purpose,
    nonce: registration.nonce,
    keyids: keys.map(({ keyid }) => keyid),
    encryptionKey: registration.encryptionKey,
    epoch,
    notBefore: registration.notBefore,
    notAfter: registration.notAfter,
  };
};

/**
 * The command's whole work. What it prints is what the evidence says; nothing is verified here.
 * Throws `USAGE_INVALID`, `FILE_UNWRITABLE`, `EVIDENCE_*`, `PACKAGE_*`, `CLIENT_*`.
 */
export const makeEvidence = async (
  folder: string | undefined,
  options: EvidenceOptions,
): Promise<CommandResult> => {
  const { nonce = randomBytes(32).toString("hex"), out, anchorOut, style, signal } = options;
  if (!NONCE.test(nonce)) throw usage("--nonce must be 64 lower-case hex characters (32 bytes)");
  if (folder !== undefined && options.cryptlet !== undefined)
    throw usage("--cryptlet names a Cryptlet of a running fabric, and a package was given");
  const { evidence, platformRoot } =
    folder === undefined ? await ofHost(nonce, options) : await ofPackage(folder, nonce, signal);
  const document = parseEvidenceDocument(evidence);
  // Fresh or not is seen without any verification; a replay is not even written to a file.
  if (document.registration.nonce !== nonce) throw fabricError("EVIDENCE_NONCE_WRONG", {});
  if (out !== undefined) await writeNewFile(out, `${canonicalJson(document)}\n`);
  if (anchorOut !== undefined) await writeNewFile(anchorOut, platformRoot);
  const summary = summaryOf(document);
  const rows = [
    ["Cryptlet", summary.cryptlet],
    ["TEE", `${summary.tee}, ${summary.layers === 1 ? "one quote" : "two layers"}`],
    ["purpose", summary.purpose],
    ["nonce", nonce],
    ["keys", summary.keyids.join(" ")],
    ["encryption key", summary.encryptionKey],
    ["holds until", new Date(summary.notAfter).toISOString()],
  ];
  return {
    // Simulation is decided by the verifier's anchors; this fabric has no other driver that ran on hardware.
    data: { ...summary, simulated: true, document, platformRoot },
    text: [
      formatTable(["evidence", "says"], rows),
      "",
      out === undefined
        ? "Nothing was verified. --out writes it to a file for `cryptlet enclave appraise`."
        : `Nothing was verified. Written to ${out}: judge it with \`cryptlet enclave appraise\`.`,
      style.warn("SIMULATED: no hardware stands behind these keys."),
    ].join("\n"),
  };
};
