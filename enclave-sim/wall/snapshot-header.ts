import { z } from "zod";

const pointer = z.int().min(0).max(0xffff_ffff);
const length = z.int().min(0).max(1_073_741_824);

/** A wasm global by its type: hex of the eight bytes of a double, so that NaN and -0 come through, or an integer. */
const globalSchema = z.union([
  z.strictObject({ double: z.string().regex(/^[0-9a-f]{16}$/) }),
  z.strictObject({ integer: z.string().regex(/^-?\d{1,20}$/) }),
]);

/** Everything of a snapshot but its bytes, as JSON through a pipe. From behind the wall it is hostile. */
export const snapshotHeaderSchema = z.discriminatedUnion("lane", [
  z.strictObject({
    lane: z.literal("js"),
    stackPointer: pointer,
    runtimePointer: pointer,
    contextPointer: pointer,
    beginToken: pointer,
    bytes: z.tuple([length]),
  }),
  z.strictObject({
    lane: z.literal("wasm"),
    globals: z.array(globalSchema).max(65_536),
    /** Module, then memory; -1 where instances start from the module alone. */
    bytes: z.tuple([length, length.or(z.literal(-1))]),
  }),
  z.strictObject({ lane: z.literal("evm"), bytes: z.tuple([length]) }),
]);
/** @see snapshotHeaderSchema */
export type SnapshotHeader = z.infer<typeof snapshotHeaderSchema>;
/** @see globalSchema */
export type GlobalHeader = z.infer<typeof globalSchema>;
