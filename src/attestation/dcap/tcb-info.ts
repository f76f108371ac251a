import * as z from "zod";

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`))
    .transform((text) => text.toLowerCase());
/** ms since epoch, written in seconds and UTC. */
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .transform((text, context) => {
    const at = Date.parse(text);
    if (Number.isFinite(at)) return at;
    context.addIssue({ code: "custom", message: "no such time" });
    return z.NEVER;
  });
const count = (max: number) => z.int().min(0).max(max);
const advisories = z
  .array(z.string().regex(/^[A-Z0-9][A-Za-z0-9-]{0,63}$/))
  .max(256)
  .default([]);

const component = z.strictObject({
  svn: count(0xff),
  category: z.string().max(256).optional(),
  type: z.string().max(256).optional(),
});
const components = z.array(component).length(16);

/** A level of an enclave's or a TDX module's identity. */
const identityLevel = z.strictObject({
  tcb: z.strictObject({ isvsvn: count(0xffff) }),
  tcbDate: time,
  tcbStatus: z.enum(["UpToDate", "OutOfDate", "Revoked"]),
  advisoryIDs: advisories,
});
/** @see identityLevel */
export type IdentityLevel = z.infer<typeof identityLevel>;

const tcbStatus = z.enum([
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "Revoked",
]);

const tcbLevel = z.strictObject({
  tcb: z.strictObject({
    sgxtcbcomponents: components,
    pcesvn: count(0xffff),
    tdxtcbcomponents: components.optional(),
  }),
  tcbDate: time,
  tcbStatus,
  advisoryIDs: advisories,
});
/** One level of TCB info. */
export type TcbLevel = z.infer<typeof tcbLevel>;

const tdxModule = { mrsigner: hex(48), attributes: hex(8), attributesMask: hex(8) };
const tdxModuleIdentity = z.strictObject({
  id: z.string().regex(/^TDX_[0-9A-Fa-f]{2}$/),
  ...tdxModule,
  tcbLevels: z.array(identityLevel).min(1).max(64),
});
/** Identity of one version of the TDX module. */
export type TdxModuleIdentity = z.infer<typeof tdxModuleIdentity>;

const frame = { issueDate: time, nextUpdate: time, tcbEvaluationDataNumber: count(0xffff_ffff) };

/** TCB info, version 3 (Intel PCS API v4, "Get TCB Info"). Hex comes out in lower case, times in ms since epoch. */
export const tcbInfoSchema = z.strictObject({
  id: z.enum(["SGX", "TDX"]),
  version: z.literal(3),
  ...frame,
  fmspc: hex(6),
  pceId: hex(2),
  tcbType: z.literal(0),
  tdxModule: z.strictObject(tdxModule).optional(),
  tdxModuleIdentities: z.array(tdxModuleIdentity).max(64).optional(),
  tcbLevels: z.array(tcbLevel).min(1).max(256),
});
/** @see tcbInfoSchema */
export type TcbInfo = z.infer<typeof tcbInfoSchema>;

/** Identity of a quoting enclave, version 2 (Intel PCS API v4, "Get Quoting Enclave Identity"). */
export const qeIdentitySchema = z.strictObject({
  id: z.enum(["QE", "TD_QE"]),
  version: z.literal(2),
  ...frame,
  miscselect: hex(4),
  miscselectMask: hex(4),
  attributes: hex(16),
  attributesMask: hex(16),
  mrsigner: hex(32),
  isvprodid: count(0xffff),
  tcbLevels: z.array(identityLevel).min(1).max(64),
});
/** @see qeIdentitySchema */
export type QeIdentity = z.infer<typeof qeIdentitySchema>;
