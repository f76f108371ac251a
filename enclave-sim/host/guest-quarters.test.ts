import { expect, test } from "vitest";
import { answering, probePackage } from "../../test/support/guest-fixture.ts";
import type { WallState } from "../wall/detect-wall.ts";
import { isFirstParty } from "./first-party.ts";
import { createQuarterMaster, type WallPolicy } from "./guest-quarters.ts";
import { readPackage } from "./read-package.ts";

const missing: WallState = { available: false, reason: "no bwrap", packages: ["bubblewrap"] };
const memoryBytes = 33_554_432;
const stranger = probePackage(answering());
const program = probePackage("print(1)", { lane: "process", language: "python" });
const assign = (
  policy: WallPolicy,
  state: WallState,
  cryptlet = stranger,
  signer: string | null = null,
) => createQuarterMaster(policy, async () => state).assign(cryptlet, { signer, memoryBytes });

test("what ships with the fabric shares the enclave's process, by its bytes and nothing else", async () => {
  const gold = await readPackage("dist/cryptlets/gold-price");
  expect(await isFirstParty(gold)).toBe(true);
  expect(await assign("required", missing, gold)).toMatchObject({
    wall: "none",
    wallMissing: null,
    publisher: { name: "first-party" },
  });
  for (const change of [
    { bundle: Uint8Array.of(...gold.bundle, 10) },
    { manifestBytes: Uint8Array.of(...gold.manifestBytes, 10) },
  ])
    expect(await isFirstParty({ ...gold, ...change })).toBe(false);
});

test.each<[WallPolicy, WallState, object]>([
  ["where-possible", { available: true }, { wall: "bubblewrap+seccomp", wallMissing: null }],
  ["required", { available: true }, { wall: "bubblewrap+seccomp", wallMissing: null }],
  ["insecure-none", { available: true }, { wall: "none", wallMissing: null }],
  ["where-possible", missing, { wall: "none", wallMissing: "no bwrap" }],
])("a stranger under %s, where the wall is %j", async (policy, state, quarters) => {
  expect(await assign(policy, state)).toMatchObject(quarters);
});

test("where a wall is demanded and there is none, nothing is loaded", async () => {
  await expect(assign("required", missing)).rejects.toMatchObject({
    code: "WALL_UNAVAILABLE",
    arguments: { reason: "no bwrap" },
  });
  for (const policy of ["insecure-none", "where-possible", "required"] as const)
    await expect(assign(policy, missing, program)).rejects.toMatchObject({
      code: "WALL_UNAVAILABLE",
    });
});

test("a program is behind the wall whatever the policy", async () => {
  expect(await assign("insecure-none", { available: true }, program)).toMatchObject({
    wall: "bubblewrap+seccomp",
  });
});

test("a signer is one publisher, and an unsigned package is its own", async () => {
  const other = probePackage(`${answering()} // other`);
  const names = await Promise.all([
    assign("insecure-none", missing),
    assign("insecure-none", missing, other),
    assign("insecure-none", missing, stranger, "aa"),
    assign("insecure-none", missing, other, "aa"),
    assign("insecure-none", missing, other, "bb"),
  ]);
  const [one, two, signed, signedToo, another] = names.map(({ publisher }) => publisher.name);
  expect(new Set([one, two, signed, another]).size).toBe(4);
  expect(signedToo).toBe(signed);
});

test("behind the wall each publisher has a house of its own; without it there is one for all", async () => {
  const other = probePackage(`${answering()} // other`);
  const housesWith = async (state: WallState) =>
    (
      await Promise.all([assign("where-possible", state), assign("where-possible", state, other)])
    ).map(({ house }) => house);
  expect(new Set(await housesWith({ available: true })).size).toBe(2);
  expect(new Set(await housesWith(missing)).size).toBe(1);
});

test("a signer's programs do not live where its other Cryptlets do, nor with those of another language", async () => {
  const houses = await Promise.all(
    [
      program,
      { ...program, manifest: { ...program.manifest, language: "java" as const } },
      stranger,
    ].map((cryptlet) => assign("where-possible", { available: true }, cryptlet, "aa")),
  );
  expect(new Set(houses.map(({ house }) => house)).size).toBe(3);
  expect(new Set(houses.map(({ publisher }) => publisher.name)).size).toBe(3);
});

test("the wall is tried once", async () => {
  let tries = 0;
  const master = createQuarterMaster("where-possible", async () => {
    tries += 1;
    return missing;
  });
  for (let i = 0; i < 3; i++) await master.assign(stranger, { signer: null, memoryBytes });
  expect(tries).toBe(1);
});
