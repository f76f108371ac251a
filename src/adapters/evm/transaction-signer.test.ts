import fc from "fast-check";
import { Transaction, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { createTransactionSigner, signTransaction } from "./transaction-signer.ts";

const SECRET = `0x${"46".repeat(32)}`;

describe("a local signer", () => {
  it("signs what ethers' own wallet signs, byte for byte", async () => {
    const signer = createTransactionSigner(SECRET);
    const wallet = new Wallet(SECRET);
    expect(signer.address).toBe(wallet.address.toLowerCase());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(0, 2),
        async (nonce, price, bytes, type) => {
          const fees =
            type === 2
              ? { maxFeePerGas: price, maxPriorityFeePerGas: price / 2n }
              : { gasPrice: price };
          const data = `0x${Buffer.from(bytes).toString("hex")}`;
          const to = wallet.address;
          const fields = { type, chainId: 31_337, nonce, to, data, gasLimit: 100_000n, ...fees };
          const { raw, hash } = await signTransaction(fields, signer);
          expect(raw).toBe(await wallet.signTransaction(fields));
          expect(Transaction.from(raw).hash).toBe(hash);
          expect(Transaction.from(raw).from).toBe(wallet.address);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("shows its secret nowhere", () => {
    const signer = createTransactionSigner(SECRET);
    expect(JSON.stringify(signer)).not.toContain("4646");
    expect(Object.keys(signer)).toEqual(["address", "sign"]);
  });

  it.each(["", "0x12", "zz".repeat(32)])("refuses %j as a secret", (secret) => {
    expect(() => createTransactionSigner(secret)).toThrow(
      expect.objectContaining({ code: "HEX_INVALID" }),
    );
  });

  it("refuses a number outside the curve's order", () => {
    for (const secret of ["00".repeat(32), "ff".repeat(32)])
      expect(() => createTransactionSigner(secret)).toThrow(
        expect.objectContaining({ code: "SECRET_KEY_INVALID" }),
      );
  });
});
