import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createSnpFixture } from "../../../test/support/snp-fixture.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { createManualClock } from "../../core/manual-clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { SnpCollateral } from "./collateral.ts";
import type { CollateralSource } from "./collateral-source.ts";
import { createFileCollateralCache } from "./file-collateral-cache.ts";

const { signal } = new AbortController();
const fixture = createSnpFixture();
const evidence = (chip = 0xc1) => ({
  tee: "sev-snp" as const,
  bytes: fixture.report((report) => report.fill(chip, 0x1a0, 0x1e0)),
});

/** A source whose answers differ, and which can be gone. */
const createCounter = () => {
  const state = { asked: 0, gone: false };
  const source: CollateralSource = {
    fetch: () => {
      state.asked++;
      if (state.gone)
        return Promise.reject(
          fabricError("COLLATERAL_UNAVAILABLE", { source: "test", reason: "gone" }),
        );
      const answer: SnpCollateral = { certificates: [`answer ${state.asked}`], crls: [] };
      return Promise.resolve(answer);
    },
  };
  return { state, source };
};

const setUp = (limit?: number) => {
  const { state, source } = createCounter();
  const directory = path.join(temporaryFolder(), "collateral");
  const clock = createManualClock(1_000_000);
  const cache = createFileCollateralCache({
    directory,
    source,
    maxAgeMs: 1_000,
    clock,
    ...(limit === undefined ? {} : { limit }),
  });
  const read = async (chip?: number) => {
    const found = await cache.fetch(evidence(chip), { signal });
    return found && "certificates" in found ? found.certificates[0] : found;
  };
  return { state, directory, clock, read };
};

const jsonFiles = (directory: string, folder: string) => readdirSync(path.join(directory, folder));

test("asks once for a platform until its answer is old", async () => {
  const { state, clock, read } = setUp();
  expect([await read(), await read(), state.asked]).toEqual(["answer 1", "answer 1", 1]);
  expect(await read(0xc2)).toBe("answer 2");
  await clock.advance(1_000);
  expect([await read(), await read(0xc2)]).toEqual(["answer 3", "answer 4"]);
});

test("an old answer serves while the source is gone, and no answer is an error", async () => {
  const { state, clock, read } = setUp();
  await read();
  state.gone = true;
  await clock.advance(10_000);
  expect(await read()).toBe("answer 1");
  await expect(read(0xc2)).rejects.toMatchObject({ code: "COLLATERAL_UNAVAILABLE" });
});

test("what was changed on the disk is not there any more", async () => {
  const { directory, read, state } = setUp();
  await read();
  const changes: readonly ((text: string) => string)[] = [
    (text) => text.replace("answer", "another"),
    () => "",
    () => "{",
    (text) => `${text} `,
  ];
  for (const folder of ["content", "platforms"])
    for (const change of changes) {
      const [name = "", ...more] = jsonFiles(directory, folder);
      expect(more).toEqual([]);
      const file = path.join(directory, folder, name);
      const text = readFileSync(file, "utf8");
      // A reference with white space behind it says the same.
      if (change(text) === text || (folder === "platforms" && change(text).trim() === text))
        continue;
      writeFileSync(file, change(text));
      expect(await read()).toBe(`answer ${state.asked}`);
    }
  expect(state.asked).toBe(7);
});

test("keeps the newest platforms and nothing that none of them names", async () => {
  const { directory, clock, read, state } = setUp(3);
  for (let chip = 1; chip <= 6; chip++) {
    await clock.advance(1);
    await read(chip);
  }
  expect(jsonFiles(directory, "platforms")).toHaveLength(3);
  expect(jsonFiles(directory, "content")).toHaveLength(3);
  expect([await read(6), await read(4), state.asked]).toEqual(["answer 6", "answer 4", 6]);
  expect(await read(1)).toBe("answer 7");
});

test("files that another process is writing are left alone", async () => {
  const { directory, read } = setUp(1);
  mkdirSync(path.join(directory, "content"), { recursive: true });
  const foreign = path.join(directory, "content", "x.json.1.tmp");
  writeFileSync(foreign, "half");
  await read(1);
  await read(2);
  expect(readFileSync(foreign, "utf8")).toBe("half");
});

test("what has no key of its own goes to the source each time", async () => {
  const { source, state } = createCounter();
  const cache = createFileCollateralCache({ directory: temporaryFolder(), source });
  for (const bytes of [new Uint8Array(3), new Uint8Array(600)])
    for (const tee of ["nitro", "sgx", "sev-snp"] as const)
      await cache.fetch({ tee, bytes }, { signal });
  expect(state.asked).toBe(6);
});
