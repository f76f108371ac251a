/** An appraisal policy as docs/cli.md shows it; a test holds it against the schema. */
export const APPRAISAL_EXAMPLE = {
  id: "production",
  allowSimulated: false,
  allowDebug: false,
  allowMissingRevocation: false,
  tees: ["tdx", "sev-snp"],
  tcb: {
    accept: ["UpToDate", "SWHardeningNeeded"],
    denyAdvisories: ["INTEL-SA-00615"],
    minTcbEval: 17,
    sevSnp: { bootloader: 4, tee: 0, snp: 24, microcode: 219 },
  },
  anyOf: [
    { measurements: ["sha256:8b1f0c1fd2a4f0c9a8e2a3a3f3e0d7c4d1c0b7a6958473625140392817160504"] },
    {
      measurements: {
        mrtd: "705ee9381b8633a9fbe532b52345e8433343d2868959f57889d84ca377c395b689cac1599ccea1b7d420483a9ce5f031",
      },
      minSvn: 0,
    },
  ],
  platforms: { deny: ["00806f050000"] },
  freshness: { mode: "epoch", maxAgeSec: 86_400 },
  quorum: { n: 2, distinctTeeVendors: true },
};
