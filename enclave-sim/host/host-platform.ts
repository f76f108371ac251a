import {
  HOST_MEASURED,
  type MeasurementLog,
  replayMeasurementLog,
} from "../../src/attestation/measurement-log.ts";
import { ZERO_WORD } from "../../src/attestation/report-data.ts";
import type { Clock } from "../../src/core/clock.ts";
import { createSimulatedPlatform, type SimulatedPlatform } from "../platform/simulated-platform.ts";
import {
  createQuoteProvider,
  DEFAULT_SOURCE,
  type EvidenceSource,
} from "../quote-providers/create-quote-provider.ts";
import type { QuoteProvider } from "../quote-providers/quote-provider.ts";
import { createSimQuoteProvider } from "../quote-providers/sim-quote-provider.ts";
import type { HostAttestRequest, HostEvidence } from "./attestation-calls.ts";
import { EVIDENCE_VALID_MS, HOST_REGISTRATION, makeEvidence } from "./make-evidence.ts";
import { measurePlatform, type PlatformContents } from "./measure-platform.ts";
import { openPlatformSeed } from "./sealed-keys.ts";

/** Platforms of this thread by folder: opening one derives its keys and certificates. */
const platforms = new Map<string, Promise<SimulatedPlatform>>();

/** The simulated platform of a folder, made at its first use. Throws `SEAL_REFUSED`. */
export const openPlatform = (directory: string, now: number): Promise<SimulatedPlatform> => {
  const known = platforms.get(directory);
  if (known) return known;
  const opening = openPlatformSeed(directory, now).then(({ seed, createdAt }) =>
    createSimulatedPlatform(seed, { createdAt, nodeVersion: process.versions.node }),
  );
  platforms.set(directory, opening);
  // A folder that could not be opened may be mended.
  opening.catch(() => platforms.delete(directory));
  return opening;
};

/** The log of a host alone. */
export const hostLog = (contents: PlatformContents): MeasurementLog => {
  const all = { ...contents, "end-of-launch": "" };
  return HOST_MEASURED.map((type) => ({ type, content: all[type] }));
};

/** Quotes about the host as its log measures it. */
export const hostQuotes = (
  platform: SimulatedPlatform,
  source: EvidenceSource,
  parts: { readonly log: MeasurementLog; readonly debug: boolean; readonly clock: Clock },
): QuoteProvider => {
  if (source.provider !== "sim") return createQuoteProvider(source);
  const workload = {
    tee: source.tee,
    measured: replayMeasurementLog(parts.log),
    mrsigner: ZERO_WORD,
    prodId: 0,
    svn: 0,
    configId: HOST_REGISTRATION.configId,
    debug: parts.debug,
  };
  return createSimQuoteProvider(platform, workload, parts.clock);
};

/** Evidence of the host over keys of its own channels; never with purpose `host-ak`, which would speak for Cryptlets. */
export const attestHost = async (
  request: HostAttestRequest,
  context: { readonly debug: boolean; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HostEvidence> => {
  const { clock, debug, signal } = context;
  const at = clock.now();
  const platform = await openPlatform(request.sealDirectory, at);
  const source = request.source ?? DEFAULT_SOURCE;
  const log = hostLog(measurePlatform());
  const subject = {
    log,
    registration: { ...HOST_REGISTRATION, encryptionKey: request.encryptionKey ?? ZERO_WORD },
    keys: request.keys,
    epoch: 0,
  };
  const { purpose, nonce = ZERO_WORD } = request;
  const provider = hostQuotes(platform, source, { log, debug, clock });
  const evidence = await makeEvidence(provider, subject, { purpose, nonce, at, signal });
  return { evidence, platformRoot: platform.rootPem, notAfter: at + EVIDENCE_VALID_MS };
};
