/** 16 bytes where a quote names its vendor: a quote of the simulator never names Intel. */
export const SIMULATED_VENDOR = "SIMULATOR-NO-HW!";
/** Begins with "SIM" in ASCII. */
export const SIMULATED_FMSPC = "53494d000000";
/** Stands in the common name of each certificate of a simulator. */
export const SIMULATED_NAME = "NO HARDWARE ROOT";
