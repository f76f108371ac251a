/** Vendor id of Intel's quoting enclaves. */
export const INTEL_QE_VENDOR = "939a7233f79c4ca9940a0db3957f0607";
/** `SIMULATOR-NO-HW!`: the vendor id of quotes without hardware. */
export const SIMULATOR_QE_VENDOR = "53494d554c41544f522d4e4f2d485721";
/** How the FMSPC of a simulated platform begins: "SIM". */
export const SIMULATED_FMSPC_PREFIX = "53494d";
