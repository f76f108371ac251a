import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { TCB_STATUSES, TEES } from "./evidence-claims.ts";

const HEX = /^(?:[0-9a-fA-F]{2}){1,64}$/;
const MEASUREMENT = /^(?:sha256:)?(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96})$/;

const hex = z
  .string()
  .regex(HEX, "1 to 64 bytes in hex")
  .transform((text) => text.toLowerCase());
const measurement = z
  .string()
  .regex(MEASUREMENT, "32 or 48 bytes in hex, sha256: before it allowed")
  .transform((text) => text.replace(/^sha256:/, "").toLowerCase());
const register = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,31}$/, "name of a register, for example rtmr0");

/** One workload that may run. Every field that stands here must hold. */
export const referenceValuesSchema = z.strictObject({
  /** Any of these is the evidence's `measurement`, or each named register has this value. All zeros never match. */
  measurements: z.union([
    z.array(measurement).min(1).max(256),
    z
      .record(register, hex)
      .refine((value) => Object.keys(value).length > 0, "at least one register")
      .refine((value) => Object.keys(value).length <= 64, "at most 64 registers"),
  ]),
  /** MRSIGNER, PCR8 or id key digest. */
  signer: hex.optional(),
  prodId: z.int().min(0).max(0xffff).optional(),
  /** Least security version; 0 takes any. */
  minSvn: z.int().min(0).max(0xffff_ffff).default(0),
  /** CONFIGID, MRCONFIGID or HOST_DATA. */
  configId: hex.optional(),
});
/** @see referenceValuesSchema */
export type ReferenceValues = z.infer<typeof referenceValuesSchema>;

const advisory = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "advisory: letters, digits and hyphens");
const platform = z.string().min(1).max(256);
const svn = z.int().min(0).max(255);
/** A revoked level is refused always: no policy can take it. */
const ACCEPTABLE = TCB_STATUSES.filter((status) => status !== "Revoked");

const tcbSchema = z.strictObject({
  /** Words of Intel's algorithm that are taken; kinds without such a word are not judged by it. */
  accept: z.array(z.enum(ACCEPTABLE)).min(1).max(8).default(["UpToDate"]),
  /** Advisories that refuse evidence whatever its status. */
  denyAdvisories: z.array(advisory).max(1_024).default([]),
  /** Least `tcbEvaluationDataNumber` of Intel's collateral. */
  minTcbEval: z.int().min(0).max(0xffff_ffff).default(0),
  /** Least reported versions of an AMD platform; without it its TCB is a warning. */
  sevSnp: z
    .strictObject({ bootloader: svn, tee: svn, snp: svn, microcode: svn, fmc: svn.default(0) })
    .optional(),
});

/**
 * What a relying party accepts as evidence, as data. Default deny: what does not stand here is refused, and an unknown
 * field is an error.
 */
export const appraisalPolicySchema = z.strictObject({
  id: z.string().min(1).max(128),
  /** Take evidence that ends in a simulated anchor: development only. */
  allowSimulated: z.boolean().default(false),
  /** Take a platform that a debugger may watch. */
  allowDebug: z.boolean().default(false),
  /** Take an SEV-SNP chain without its root's revocation list; a wrong or old list is refused still. */
  allowMissingRevocation: z.boolean().default(false),
  tees: z.array(z.enum(TEES)).min(1).max(TEES.length),
  tcb: tcbSchema.prefault({}),
  anyOf: z.array(referenceValuesSchema).min(1).max(256),
  /** By FMSPC, chip id or module id. With `allow`, no other platform is taken; `deny` wins. */
  platforms: z
    .strictObject({
      allow: z.array(platform).min(1).max(1_024).optional(),
      deny: z.array(platform).max(1_024).default([]),
    })
    .prefault({}),
  /**
   * `nonce`: the evidence must bind the verifier's nonce. `epoch`: it must bind a time or key epoch of its own that is
   * at most `maxAgeSec` old; what binds neither is refused. Null asks for nothing.
   */
  freshness: z
    .strictObject({
      mode: z.enum(["nonce", "epoch"]),
      maxAgeSec: z.int().min(1).max(315_360_000),
    })
    .nullable()
    .default(null),
  /** So many pieces from different platforms must pass; `true` or a number asks for different vendors among them. */
  quorum: z
    .strictObject({
      n: z.int().min(1).max(8),
      distinctTeeVendors: z.union([z.boolean(), z.int().min(1).max(3)]).optional(),
    })
    .prefault({ n: 1 }),
});
/** @see appraisalPolicySchema */
export type AppraisalPolicy = z.infer<typeof appraisalPolicySchema>;
/** A policy as its author writes it. */
export type AppraisalPolicyInput = z.input<typeof appraisalPolicySchema>;

/** Read a policy that came from outside. Throws `CONFIG_INVALID` with every fault. */
export const parseAppraisalPolicy = (input: unknown): AppraisalPolicy => {
  const parsed = appraisalPolicySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw fabricError("CONFIG_INVALID", {
    count: parsed.error.issues.length,
    faults: z.prettifyError(parsed.error).slice(0, 4_000),
  });
};

/** Digest of a policy: SHA-256 of its canonical JSON with every default written out. */
export const policyDigest = (policy: AppraisalPolicy): Digest =>
  digestOf(new TextEncoder().encode(canonicalJson(policy)));
