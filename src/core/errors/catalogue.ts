import type { ErrorEntry } from "./arguments.ts";
import { adapterErrors } from "./catalogue/adapter.ts";
import { apiErrors } from "./catalogue/api.ts";
import { authoringErrors } from "./catalogue/authoring.ts";
import { attestationErrors } from "./catalogue/attestation.ts";
import { appraisalErrors } from "./catalogue/appraisal.ts";
import { attestedTlsErrors } from "./catalogue/attested-tls.ts";
import { batchErrors } from "./catalogue/batches.ts";
import { busErrors } from "./catalogue/bus.ts";
import { capabilityErrors } from "./catalogue/capabilities.ts";
import { chainErrors } from "./catalogue/chains.ts";
import { cliErrors } from "./catalogue/cli.ts";
import { clientChainErrors } from "./catalogue/client-chains.ts";
import { coreErrors } from "./catalogue/core.ts";
import { cryptoErrors } from "./catalogue/crypto.ts";
import { devErrors } from "./catalogue/dev.ts";
import { emulatorErrors } from "./catalogue/emulator.ts";
import { enclaveErrors } from "./catalogue/enclave.ts";
import { envelopeErrors } from "./catalogue/envelope.ts";
import { frostErrors } from "./catalogue/frost.ts";
import { httpErrors } from "./catalogue/http.ts";
import { hostErrors } from "./catalogue/host.ts";
import { laneErrors } from "./catalogue/lanes.ts";
import { keyBrokerErrors } from "./catalogue/key-broker.ts";
import { quotingErrors } from "./catalogue/quoting.ts";
import { quorumErrors } from "./catalogue/quorum.ts";
import { registryErrors } from "./catalogue/registry.ts";
import { registryServiceErrors } from "./catalogue/registry-service.ts";
import { sdkErrors } from "./catalogue/sdk.ts";
import { signerErrors } from "./catalogue/signers.ts";
import { storeErrors } from "./catalogue/store.ts";
import { subscriptionErrors } from "./catalogue/subscriptions.ts";
import { submissionErrors } from "./catalogue/submission.ts";

/** Every error of the product, by code. `docs/errors.md` is printed from here. */
export const errorCatalogue = {
  ...coreErrors,
  ...clientChainErrors,
  ...cryptoErrors,
  ...frostErrors,
  ...envelopeErrors,
  ...enclaveErrors,
  ...appraisalErrors,
  ...capabilityErrors,
  ...laneErrors,
  ...httpErrors,
  ...quotingErrors,
  ...sdkErrors,
  ...emulatorErrors,
  ...devErrors,
  ...storeErrors,
  ...busErrors,
  ...adapterErrors,
  ...chainErrors,
  ...submissionErrors,
  ...batchErrors,
  ...signerErrors,
  ...hostErrors,
  ...apiErrors,
  ...cliErrors,
  ...authoringErrors,
  ...attestationErrors,
  ...attestedTlsErrors,
  ...quorumErrors,
  ...keyBrokerErrors,
  ...subscriptionErrors,
  ...registryErrors,
  ...registryServiceErrors,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCatalogue = typeof errorCatalogue;
/** Code of an error of the catalogue; docs/errors.md lists them. */
export type ErrorCode = keyof ErrorCatalogue;
