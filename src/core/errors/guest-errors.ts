import { capabilityErrors } from "./catalogue/capabilities.ts";
import { coreErrors } from "./catalogue/core.ts";
import { enclaveErrors } from "./catalogue/enclave.ts";
import { httpErrors } from "./catalogue/http.ts";
import { sdkErrors } from "./catalogue/sdk.ts";

const { DECIMAL_INVALID } = coreErrors;
const { CAPABILITY_NOT_GRANTED, HOST_CALL_INVALID } = enclaveErrors;
/** These end the run itself: whether a stored state is whole is not for a guest to say. */
const { STATE_CONFLICT: _conflict, STATE_REFUSED: _refused, ...ofCapabilities } = capabilityErrors;

/**
 * What a Cryptlet may end with: the SDK's own errors, and what its host calls are refused with. Any other code would
 * let it speak in the name of the enclave or the host. A guest imports the type alone: no text of the catalogue is
 * part of what is measured.
 */
export const guestErrors = {
  ...sdkErrors,
  ...httpErrors,
  ...ofCapabilities,
  DECIMAL_INVALID,
  CAPABILITY_NOT_GRANTED,
  HOST_CALL_INVALID,
};

export type GuestErrorCode = keyof typeof guestErrors;
