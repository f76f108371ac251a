import { bytesToHex } from "../../crypto/bytes.ts";
import { SIMULATED_FMSPC, SIMULATED_VENDOR } from "../simulated-vendor.ts";

/** Vendor id of Intel's quoting enclaves. */
export const INTEL_QE_VENDOR = "939a7233f79c4ca9940a0db3957f0607";
/** The vendor id of quotes without hardware, in hex. */
export const SIMULATOR_QE_VENDOR = bytesToHex(new TextEncoder().encode(SIMULATED_VENDOR));
/** How the FMSPC of a simulated platform begins: "SIM". */
export const SIMULATED_FMSPC_PREFIX = SIMULATED_FMSPC.slice(0, 6);
