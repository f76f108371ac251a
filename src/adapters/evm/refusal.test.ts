import { Interface } from "ethers";
import { describe, expect, it } from "vitest";
import { readArtifact } from "./contract-artifact.ts";
import { feedAbi, keysAbi, registryAbi } from "./feed-abi.ts";
import { isOvertaken, keyStatuses, readRefusal, refusalNames } from "./refusal.ts";

const CONTRACT = `0x${"11".repeat(20)}`;
const compiled = async (name: string): Promise<Interface> =>
  new Interface(JSON.stringify((await readArtifact(name)).abi));

const sample = (type: string): unknown =>
  type === "address" ? CONTRACT : type === "bytes32" ? `0x${"22".repeat(32)}` : 1;

describe("ABIs in code are those of the compiler", () => {
  it.each([
    ["FeedLogic", feedAbi],
    ["FeedRegistry", registryAbi],
    ["CryptletKeys", keysAbi],
  ])("%s", async (name, own) => {
    const names = ({ fragments }: Interface) =>
      fragments.filter(({ type }) => type !== "constructor").map((each) => each.format("sighash"));
    const known = new Set(names(await compiled(name)));
    const unknown = names(own).filter((each) => !known.has(each));
    expect(unknown).toEqual([]);
  });

  it("key statuses stand in the contract's order", () => {
    expect(keyStatuses).toEqual(["NONE", "ACTIVE", "OFFLINE", "DECOMMISSIONED", "COMPROMISED"]);
  });
});

describe("refusals", () => {
  it("of a feed have a code each, with every argument in words", async () => {
    const interfaceErrors = (await compiled("IFeedStore")).fragments.filter(
      ({ type }) => type === "error",
    );
    expect(interfaceErrors.length).toBe(refusalNames.length);
    const codes = new Set<string>();
    for (const name of refusalNames) {
      const fragment = feedAbi.getError(name);
      if (!fragment) throw new Error(`${name} is not in the ABI`);
      const values = fragment.inputs.map(({ type }) => sample(type));
      const refusal = readRefusal(feedAbi.encodeErrorResult(fragment, values), CONTRACT);
      expect(refusal.message).not.toMatch(/[{}?]/);
      codes.add(refusal.code);
    }
    expect(codes.size).toBe(refusalNames.length);
    expect(codes.has("ONCHAIN_REFUSED")).toBe(false);
  });

  it("of others are told apart from those of a feed", () => {
    for (const data of ["0x", "0xdeadbeef", `0x08c379a0${"00".repeat(64)}`, "not hex"])
      expect(readRefusal(data, CONTRACT).code).toBe("ONCHAIN_REFUSED");
  });

  it("that mean overtaken end a delivery without an error of ours", () => {
    expect(isOvertaken("ONCHAIN_ROUND_EXISTS")).toBe(true);
    expect(isOvertaken("ONCHAIN_ROUND_OLD")).toBe(true);
    expect(isOvertaken("ONCHAIN_TIME_NOT_INCREASING")).toBe(true);
    expect(isOvertaken("ONCHAIN_KEY_EXPIRED")).toBe(false);
  });
});

it("a contract that was not compiled is missing by name", async () => {
  await expect(readArtifact("Nothing")).rejects.toMatchObject({ code: "ARTIFACT_MISSING" });
});
