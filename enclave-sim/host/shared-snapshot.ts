import type { LaneSnapshot } from "../runners/lane-engine.ts";

/** The same bytes in memory that threads share, so that guests and the measurement see them without a copy each. */
const shareBytes = (bytes: Uint8Array): Uint8Array => {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
};

/** A snapshot whose bytes all threads of this process share. */
export const shareSnapshot = (snapshot: LaneSnapshot): LaneSnapshot => {
  switch (snapshot.lane) {
    case "js":
      return { ...snapshot, memory: shareBytes(snapshot.memory) };
    case "wasm":
      return {
        ...snapshot,
        moduleBytes: shareBytes(snapshot.moduleBytes),
        memory: snapshot.memory && shareBytes(snapshot.memory),
      };
    case "evm":
    case "process":
      return { ...snapshot, code: shareBytes(snapshot.code) };
  }
};

/** Bytes that a snapshot keeps in memory. */
export const snapshotBytes = (snapshot: LaneSnapshot): number => {
  switch (snapshot.lane) {
    case "js":
      return snapshot.memory.byteLength;
    case "wasm":
      return snapshot.moduleBytes.byteLength + (snapshot.memory?.byteLength ?? 0);
    case "evm":
    case "process":
      return snapshot.code.byteLength;
  }
};
