import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { hexToBytes } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hashes.ts";
import { createCheckpointKey, openCheckpoint, parseCheckpointVerifier } from "./checkpoint.ts";

const root = sha256(new Uint8Array());
const key = createCheckpointKey("registry.example/gold", new Uint8Array(32).fill(7));
const note = key.sign({ size: 12, root });

describe("a checkpoint", () => {
  it("is the note that C2SP's tlog-checkpoint describes", () => {
    expect(note.split("\n").slice(0, 4)).toEqual([
      "registry.example/gold",
      "12",
      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      "",
    ]);
    expect(note.split("\n")[4]).toMatch(/^\u2014 registry\.example\/gold [A-Za-z0-9+/]{90,}=*$/);
    expect(note.endsWith("\n")).toBe(true);
  });

  it("takes the verifier key and signature of the Go tools (golang.org/x/mod/sumdb/note, its example)", () => {
    const verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    expect(parseCheckpointVerifier(verifier).origin).toBe("PeterNeumann");
    const signed =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    // The signature holds: what is refused is the text, which is no checkpoint.
    expect(codeOf(() => openCheckpoint(signed, verifier))).toBe("CHECKPOINT_INVALID");
    expect(codeOf(() => openCheckpoint(signed.replace("answer", "Answer"), verifier))).toBe(
      "CHECKPOINT_NOT_SIGNED",
    );
  });

  it("is read by the key that it is expected from", () => {
    expect(openCheckpoint(note, key.verifier)).toEqual({
      origin: "registry.example/gold",
      size: 12,
      root,
    });
  });

  it("is refused from another key, another origin and another text", () => {
    const other = createCheckpointKey("registry.example/gold", new Uint8Array(32).fill(8));
    const elsewhere = createCheckpointKey("mirror.example", new Uint8Array(32).fill(7));
    expect(codeOf(() => openCheckpoint(note, other.verifier))).toBe("CHECKPOINT_NOT_SIGNED");
    expect(codeOf(() => openCheckpoint(note, elsewhere.verifier))).toBe("CHECKPOINT_NOT_SIGNED");
    for (const bent of [note.replace("12", "13"), note.replace("47DE", "47DF")])
      expect(codeOf(() => openCheckpoint(bent, key.verifier))).toBe("CHECKPOINT_NOT_SIGNED");
    for (const bent of ["", "\n\n", note.slice(0, -1), note.replace("\u2014", "-"), `${note}\n`])
      expect(codeOf(() => openCheckpoint(bent, key.verifier))).toMatch(/^CHECKPOINT_/);
  });

  it("takes a witness's signature beside its own", () => {
    const witness = createCheckpointKey("witness.example", new Uint8Array(32).fill(9));
    const [, line = ""] = witness.sign({ size: 12, root }).split("\n\n");
    expect(openCheckpoint(`${note}${line}`, key.verifier).size).toBe(12);
    expect(codeOf(() => openCheckpoint(`${note}${line}`, witness.verifier))).toBe(
      "CHECKPOINT_NOT_SIGNED",
    );
  });

  it("never opens after one byte was changed", () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.integer({ min: 33, max: 126 }), (at, code) => {
        const letter = String.fromCharCode(code);
        if (note[at] === letter) return;
        const bent = note.slice(0, at) + letter + note.slice(at + 1);
        expect(codeOf(() => openCheckpoint(bent, key.verifier))).toMatch(/^CHECKPOINT_/);
      }),
    );
  });

  it("has no key of another form", () => {
    for (const text of [
      "",
      "a+b",
      key.verifier.slice(0, -4),
      key.verifier.replace("registry", "Registry"),
      `${key.verifier}+x`,
      "a".repeat(300),
    ])
      expect(codeOf(() => parseCheckpointVerifier(text))).toBe("CHECKPOINT_KEY_INVALID");
    expect(codeOf(() => createCheckpointKey("a+b", hexToBytes("00".repeat(32))))).toBe(
      "CHECKPOINT_INVALID",
    );
  });
});
