import type { LaneSnapshot } from "../runners/lane-engine.ts";
import type { GlobalHeader, SnapshotHeader } from "./snapshot-header.ts";

// A snapshot as a JSON header and bytes, for a pipe. No zod here: this runs behind the wall too, where it would cost
// memory; whoever reads what came from there parses the header first.

// @types/node knows the types of this global only.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> };

const encodeGlobal = (value: number | bigint): GlobalHeader => {
  if (typeof value === "bigint") return { integer: String(value) };
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value, 0);
  return { double: bytes.toString("hex") };
};

/** Throws for a program's code, which goes another way. */
export const encodeSnapshot = (
  snapshot: LaneSnapshot,
): { readonly header: SnapshotHeader; readonly parts: readonly Uint8Array[] } => {
  switch (snapshot.lane) {
    case "js": {
      const { lane, stackPointer, runtimePointer, contextPointer, beginToken, memory } = snapshot;
      const places = { stackPointer, runtimePointer, contextPointer, beginToken };
      return { header: { lane, ...places, bytes: [memory.length] }, parts: [memory] };
    }
    case "wasm": {
      const { lane, moduleBytes, memory, globals } = snapshot;
      const header: SnapshotHeader = {
        lane,
        globals: globals.map(encodeGlobal),
        bytes: [moduleBytes.length, memory === null ? -1 : memory.length],
      };
      return { header, parts: memory === null ? [moduleBytes] : [moduleBytes, memory] };
    }
    case "evm":
      return {
        header: { lane: "evm", bytes: [snapshot.code.length] },
        parts: [snapshot.code],
      };
    case "process":
      throw new RangeError("a program has no snapshot");
  }
};

/** Throws when header and bytes do not belong together, or the module is none. */
export const decodeSnapshot = async (
  header: SnapshotHeader,
  bytes: Buffer,
): Promise<LaneSnapshot> => {
  const whole = header.bytes.reduce((sum, part) => sum + Math.max(0, part), 0);
  if (whole !== bytes.length) throw new RangeError("header and bytes have different lengths");
  // Copies: the frame's memory is not kept for them.
  const first = Uint8Array.from(bytes.subarray(0, header.bytes[0]));
  switch (header.lane) {
    case "js": {
      const { lane, stackPointer, runtimePointer, contextPointer, beginToken } = header;
      return { lane, memory: first, stackPointer, runtimePointer, contextPointer, beginToken };
    }
    case "wasm":
      return {
        lane: "wasm",
        module: await WebAssembly.compile(first),
        moduleBytes: first,
        memory: header.bytes[1] < 0 ? null : Uint8Array.from(bytes.subarray(header.bytes[0])),
        globals: header.globals.map((value) =>
          "integer" in value
            ? BigInt(value.integer)
            : Buffer.from(value.double, "hex").readDoubleBE(0),
        ),
      };
    case "evm":
      return { lane: "evm", code: first };
  }
};
