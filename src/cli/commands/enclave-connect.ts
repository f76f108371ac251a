import { defineCommand } from "../command.ts";

export const enclaveConnect = defineCommand({
  name: "enclave connect",
  group: "Trust",
  summary: "Judge the host behind an attested endpoint before anything secret is sent to it",
  description:
    "Connects over TLS 1.3, takes the evidence out of the certificate, judges it by --policy, and asks for fresh evidence " +
    "that binds this very connection. The measurement for the policy comes from cryptlet enclave measure --host. Prints " +
    "the pin of the key that the evidence is about, for curl and others that cannot read evidence: the pin holds until " +
    "the host renews its key (api.attested.renewMinutes). With --insecure, curl leaves out authorities, which say " +
    "nothing here, and still holds the pin.",
  arguments: [{ name: "address", help: "The host's attested address, https://…" }],
  options: {
    policy: { kind: "text", value: "FILE", help: "appraisal policy as JSON", required: true },
    anchor: {
      kind: "text",
      value: "FILE",
      help: "PEM of one more root; it counts as SIMULATED and needs the next flag",
    },
    insecureSimulatedAnchor: {
      kind: "flag",
      help: "load --anchor, behind which no hardware stands; a policy must still allow it",
    },
    maxAge: {
      kind: "integer",
      value: "SECONDS",
      help: "oldest evidence that is taken in a certificate",
      minimum: 1,
      maximum: 31_536_000,
      default: 86_400,
    },
  },
  examples: [
    {
      command: "cryptlet enclave connect https://127.0.0.1:8643 --policy host.json",
      says: "Then use the printed pin.",
    },
  ],
  exits: { 3: "a file cannot be read", 5: "nothing answers there", 13: "the evidence is refused" },
  run: async ({ args, options, output, signal }) => {
    const { connectEnclave } = await import("../connect-enclave.ts");
    return connectEnclave({ ...options, url: args.address, style: output.style, signal });
  },
});
