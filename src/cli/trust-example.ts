/** A trust file as docs/cli.md shows it; a test holds it against the schema. */
export const TRUST_EXAMPLE = {
  policy: {
    id: "my-policy",
    keys: [
      {
        key: {
          keyid: "sha256:8b1f0c1fd2a4f0c9a8e2a3a3f3e0d7c4d1c0b7a6958473625140392817160504",
          suite: "ed25519",
          publicKey: "MCowBQYDK2VwAyEA…",
        },
        scope: { fabrics: ["my-fabric"], cryptlets: ["gold-price"], feeds: null },
        notBefore: null,
        notAfter: null,
      },
    ],
    attested: null,
    threshold: 1,
    requireEvidence: false,
    allowSimulated: false,
    allowEmulated: false,
    maxAgeMs: 3_600_000,
    clockSkewMs: 60_000,
  },
  appraisal: null,
  insecureSimulatedRoots: [],
};
