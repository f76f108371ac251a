/** Selectors of Solidity: `Error(string)` and `Panic(uint256)`. */
const ERROR = "08c379a0";
const PANIC = "4e487b71";
/** Longest text that is taken from a guest, in characters. */
const MAX_REASON = 300;
const WORD = 32;

/**
 * What a revert says, in words: the text of `require`, the number of a panic, or that it says nothing readable.
 * Never throws: the bytes are the guest's.
 */
export const revertReason = (data: Uint8Array): string => {
  const selector = Buffer.from(data.subarray(0, 4)).toString("hex");
  const body = data.subarray(4);
  if (selector === PANIC && body.length === WORD)
    return `panic 0x${Buffer.from(body.subarray(-1)).toString("hex")}`;
  if (selector === ERROR && body.length >= 2 * WORD) {
    const length = Number(
      BigInt(`0x${Buffer.from(body.subarray(WORD, 2 * WORD)).toString("hex")}`),
    );
    const bytes = body.subarray(2 * WORD, 2 * WORD + Math.min(length, 4 * MAX_REASON));
    return new TextDecoder().decode(bytes).slice(0, MAX_REASON);
  }
  return data.length === 0 ? "a revert without data" : `a revert with ${data.length} bytes of data`;
};
