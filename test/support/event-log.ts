import { createHash } from "node:crypto";

const NO_ACTION = 3;
const SHA384 = 0x0c;
const END = 0xffff_ffff;

/**
 * Replay a confidential computing event log (TCG PC Client Platform Firmware Profile, crypto agile form, as UEFI's CCEL
 * table carries it) to RTMR0 to RTMR3, in hex. Its measurement registers count from one.
 */
export const replayEventLog = (log: Uint8Array): readonly string[] => {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const registers = Array.from({ length: 4 }, () => Buffer.alloc(48));
  // The first event has the old form and says which hashes follow.
  let at = 32 + view.getUint32(28, true);
  while (at + 8 <= log.length && view.getUint32(at, true) !== END) {
    const register = view.getUint32(at, true) - 1;
    const type = view.getUint32(at + 4, true);
    const digests = view.getUint32(at + 8, true);
    at += 12;
    for (let i = 0; i < digests; i++) {
      if (view.getUint16(at, true) !== SHA384) throw new Error("a hash that is not SHA-384");
      const digest = log.subarray(at + 2, at + 50);
      const before = registers[register];
      if (before && type !== NO_ACTION)
        registers[register] = createHash("sha384").update(before).update(digest).digest();
      at += 50;
    }
    at += 4 + view.getUint32(at, true);
  }
  return registers.map((register) => register.toString("hex"));
};
