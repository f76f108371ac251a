import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryState } from "./memory-state.ts";
import { createSealedState, type StateSealer } from "./sealed-state.ts";
import type { StateBackend } from "./state-backend.ts";

/** AES-256-GCM with the counter as additional data, as the enclave's sealing has it. */
const sealerWith = (key: Uint8Array): StateSealer => ({
  seal: (plain, counter) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    cipher.setAAD(Buffer.from(String(counter)));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  unseal: (sealed, counter) => {
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(String(counter)));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  },
});
const key = randomBytes(32);
const start = (backend: StateBackend = createMemoryState(), change: { scope?: string } = {}) =>
  createSealedState({
    cryptlet: "probe",
    scope: "fabric/probe",
    backend,
    sealer: sealerWith(key),
    ...change,
  });
const entries = new Map([["a", "1"]]);

test("what was applied is there for the next run and the next enclave, and sealed on the way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ unit: "grapheme" })),
      async (record) => {
        const backend = createMemoryState();
        const state = start(backend);
        expect(await state.open()).toEqual({ version: 0, entries: new Map() });
        await state.apply(0, new Map(Object.entries(record)));
        for (const reader of [state, start(backend)])
          expect(await reader.open()).toEqual({
            version: 1,
            entries: new Map(Object.entries(record)),
          });
      },
    ),
  );
  const backend = createMemoryState();
  await start(backend).apply(0, new Map([["password", "hunter22"]]));
  const { body } = await backend.read("fabric/probe");
  expect(Buffer.from(body).toString("latin1")).not.toMatch(/password|hunter22|probe/);
});

test("of two runs that began from one version one applies", async () => {
  const state = start();
  await state.apply(0, entries);
  const both = await Promise.allSettled([state.apply(1, entries), state.apply(1, new Map())]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(state.apply(1, entries)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
  expect((await state.open()).version).toBe(2);
});

test("every changed byte, another key, another scope and another version are refused", async () => {
  const backend = createMemoryState();
  await start(backend).apply(0, entries);
  const { body } = await backend.read("fabric/probe");
  const openOf = async (version: number, given: Uint8Array, scope = "fabric/probe") =>
    start(
      { read: async () => ({ version, body: given }), write: async () => false },
      { scope },
    ).open();
  await expect(openOf(1, body)).resolves.toBeDefined();
  for (let at = 0; at < body.length; at += 1) {
    const flipped = Uint8Array.from(body);
    flipped[at] = (flipped[at] ?? 0) ^ 0x40;
    await expect(openOf(1, flipped)).rejects.toMatchObject({ code: "STATE_REFUSED" });
  }
  const wrong = [
    openOf(2, body),
    openOf(0, body),
    openOf(1, body, "fabric/other"),
    openOf(1, new Uint8Array()),
    openOf(1, body.subarray(0, -1)),
  ];
  for (const opening of wrong)
    await expect(opening).rejects.toMatchObject({ code: "STATE_REFUSED" });
  const stranger = createSealedState({
    cryptlet: "probe",
    scope: "fabric/probe",
    backend,
    sealer: sealerWith(randomBytes(32)),
  });
  await expect(stranger.open()).rejects.toMatchObject({ code: "STATE_REFUSED" });
});

test("a host that brings an older state back is found out while the enclave lives", async () => {
  const inner = createMemoryState();
  let served: number | null = null;
  const history: Uint8Array[] = [new Uint8Array()];
  const backend: StateBackend = {
    read: async (scope) =>
      served === null
        ? inner.read(scope)
        : { version: served, body: history[served] ?? new Uint8Array() },
    write: async (scope, expected, body) => {
      history[expected + 1] = body;
      return inner.write(scope, expected, body);
    },
  };
  const state = start(backend);
  for (const version of [0, 1, 2]) await state.apply(version, new Map([["n", `${version}`]]));
  await expect(state.open()).resolves.toMatchObject({ version: 3 });
  for (served of [2, 1, 0])
    await expect(state.open()).rejects.toMatchObject({ code: "STATE_REFUSED" });
  served = 3;
  await expect(state.open()).resolves.toBeDefined();
  // A fork: another content under the same version, well sealed by the same code in another life.
  history[3] = await (async () => {
    const other = createMemoryState();
    const fork = start(other);
    for (const version of [0, 1, 2]) await fork.apply(version, new Map([["n", "fork"]]));
    return (await other.read("fabric/probe")).body;
  })();
  await expect(state.open()).rejects.toMatchObject({ code: "STATE_REFUSED" });
});

test("a storage that fails is unavailable, and its words go nowhere", async () => {
  const failing: StateBackend = {
    read: async () => {
      throw new Error("/var/lib/secret-path is away");
    },
    write: async () => {
      throw new Error("/var/lib/secret-path is away");
    },
  };
  const state = start(failing);
  for (const attempt of [state.open(), state.apply(0, entries)]) {
    await expect(attempt).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
    await expect(attempt).rejects.not.toThrow(/secret-path/);
  }
});
