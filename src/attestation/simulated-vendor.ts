/** 16 bytes where a quote names its vendor: a quote of the simulator never names Intel. */
export const SIMULATED_VENDOR = "SIMULATOR-NO-HW!";
/** Begins with "SIM" in ASCII. */
export const SIMULATED_FMSPC = "53494d000000";
