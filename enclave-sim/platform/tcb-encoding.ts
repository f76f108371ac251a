/** The TEEs that the simulator writes evidence of. */
export type SimulatedTee = "sgx" | "tdx";

/** Security version of the simulated provisioning enclave. */
export const PCE_SVN = 1;
/** Version and security version of the simulated TDX module. */
const TDX_MODULE_VERSION = 1;
const TDX_MODULE_SVN = 1;

const ZEROS_48 = "0".repeat(96);
/** Signer and attributes of the module that stands in every TD report of the simulator. */
const module = {
  mrsigner: ZEROS_48,
  attributes: "0".repeat(16),
  attributesMask: "F".repeat(16),
};

/** `tdxModule` and `tdxModuleIdentities` of the TCB info. */
export const TDX_MODULE = {
  tdxModule: module,
  tdxModuleIdentities: [
    {
      id: `TDX_0${TDX_MODULE_VERSION}`,
      ...module,
      tcbLevels: [
        {
          tcb: { isvsvn: TDX_MODULE_SVN },
          tcbDate: "2025-01-21T00:00:00Z",
          tcbStatus: "UpToDate",
        },
      ],
    },
  ],
} as const;

/**
 * Sixteen security versions of a level. Its number stands at index 2, because in a TD report the first two belong to
 * the module: its security version and its version.
 */
export const securityVersions = (kind: SimulatedTee, level: number): Uint8Array => {
  const versions = new Uint8Array(16);
  if (kind === "tdx") versions.set([TDX_MODULE_SVN, TDX_MODULE_VERSION]);
  versions[2] = level;
  return versions;
};
