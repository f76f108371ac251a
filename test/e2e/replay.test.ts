import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { type Bundle, parseBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import { openJournal } from "../../enclave-sim/host/journal.ts";
import { runCliProcess } from "../support/cli-process.ts";
import { dataOf, nextRound, prepareHost, startHost, stopHost } from "../support/emulated-host.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GOLD = path.resolve("dist/cryptlets/gold-price");

interface Failure {
  readonly ok: false;
  readonly error: { readonly code: string };
  readonly data?: { readonly differences: readonly { where: string; path: string }[] };
}

/** One round of a real host: its run's transcript and its bundle, and what `replay RUN` said while the host was up. */
const recordRound = async () => {
  const { config } = await prepareHost();
  const { host, url } = await startHost(config);
  const round = await nextRound(url, 0);
  const bundleFile = path.join(temporaryFolder(), "bundle.json");
  const show = ["envelope", "show", round.envelopeDigest, "--out", bundleFile, "--url", url];
  expect((await runCliProcess(show)).code).toBe(0);
  const listed = await fetch(`${url}/v1/runs?status=published&limit=1`);
  const { runs } = (await listed.json()) as { runs: { id: string }[] };
  const id = runs[0]?.id ?? "";
  const answer = await fetch(`${url}/v1/runs/${id}/transcript`);
  const transcript = (await answer.json()) as Transcript;
  const byHost = await runCliProcess(["replay", id, "--url", url, "--json"]);
  await stopHost(host);
  return { transcript, bundle: readFileSync(bundleFile, "utf8"), byHost };
};
let recording: ReturnType<typeof recordRound> | undefined;
const recorded = () => (recording ??= recordRound());

const writeText = (name: string, text: string): string => {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
};

/** Replays a changed transcript and gives what was said about it. */
const replayText = async (
  transcript: unknown,
  options: readonly string[] = ["--package", GOLD],
): Promise<{ code: number; output: Failure }> => {
  const file = writeText("transcript.json", JSON.stringify(transcript));
  const run = await runCliProcess(["replay", file, ...options, "--json"]);
  return { code: run.code, output: JSON.parse(run.stdout) as Failure };
};

/** The same run with another content, its chain made anew, as a forger would. */
const forge = (transcript: Transcript, change: (copy: Transcript) => Transcript): Transcript => {
  const changed = change(structuredClone(transcript));
  const journal = openJournal(changed);
  for (const entry of changed.entries) journal.append(entry);
  return journal.close(changed.outcome, changed.fuel);
};

describe("cryptlet replay", { timeout: 120_000 }, () => {
  it("runs a round's run again, from the host, from a file and from the signed bundle", async () => {
    const { transcript, bundle, byHost } = await recorded();
    expect(byHost.code).toBe(0);
    expect(dataOf(byHost.stdout)).toMatchObject({ same: true, differences: [] });
    const transcriptFile = writeText("transcript.json", JSON.stringify(transcript));
    const fromFile = await runCliProcess(["replay", transcriptFile, "--package", GOLD, "--json"]);
    expect(fromFile.code).toBe(0);
    expect(dataOf(fromFile.stdout)).toMatchObject({
      same: true,
      transcriptDigest: transcript.head,
      measurement: transcript.cryptlet.measurement,
      determinism: "bit-for-bit",
    });
    const argv = [
      "replay",
      writeText("bundle.json", bundle),
      "--transcript",
      transcriptFile,
      "--package",
      GOLD,
    ];
    const fromBundle = await runCliProcess([...argv, "--json"]);
    expect(fromBundle.code).toBe(0);
    const people = await runCliProcess(argv);
    expect(people.stdout).toContain(transcript.head);
  });

  it("finds one changed byte of input, answer or outcome in the chain", async () => {
    const { transcript } = await recorded();
    const [first] = transcript.entries;
    if (!first) throw new Error("no call was recorded");
    const edits: readonly unknown[] = [
      { ...transcript, trigger: { ...transcript.trigger, at: transcript.trigger.at + 1 } },
      { ...transcript, seed: transcript.seed.replace(/^./, (c) => (c === "0" ? "1" : "0")) },
      {
        ...transcript,
        entries: [
          { ...first, response: first.response.replace(/\d/, (c) => (c === "1" ? "2" : "1")) },
          ...transcript.entries.slice(1),
        ],
      },
      { ...transcript, fuel: transcript.fuel + 1 },
      { ...transcript, entries: transcript.entries.slice(1) },
    ];
    for (const edit of edits) {
      const { code, output } = await replayText(edit);
      expect([code, output.error.code]).toEqual([14, "TRANSCRIPT_INVALID"]);
    }
  });

  it("names what a forger who makes the chain anew has changed", async () => {
    const { transcript, bundle } = await recorded();
    const forgedFuel = forge(transcript, (copy) => ({ ...copy, fuel: copy.fuel + 1 }));
    const fuel = await replayText(forgedFuel);
    expect(fuel.code).toBe(14);
    expect(fuel.output.data?.differences).toMatchObject([{ where: "fuel" }]);

    if (!("ok" in transcript.outcome)) throw new Error("the run has no outcome");
    const { value } = transcript.outcome.ok.observation;
    const price = value.kind === "decimal" ? value.text.slice(0, 4) : "";
    const forgedAnswer = forge(transcript, (copy) => ({
      ...copy,
      entries: copy.entries.map((entry) => ({
        ...entry,
        response: entry.response.replaceAll(price, "5123"),
      })),
    }));
    const answer = await replayText(forgedAnswer);
    expect(answer.code).toBe(14);
    expect(answer.output.error.code).toBe("REPLAY_DIFFERS");
    expect(answer.output.data?.differences[0]?.where).toMatch(/^(call \d+|outcome)$/);

    const file = writeText("forged.json", JSON.stringify(forgedFuel));
    const beside = ["replay", writeText("bundle.json", bundle), "--transcript", file];
    const signed = await runCliProcess([...beside, "--package", GOLD, "--json"]);
    expect(signed.code).toBe(14);
    const { data } = JSON.parse(signed.stdout) as Failure;
    expect(data?.differences[0]).toMatchObject({ where: "statement", path: "transcriptDigest" });
  });

  it("takes no statement that nobody signed, and no receipt of another run", async () => {
    const { transcript, bundle } = await recorded();
    const beside = ["--transcript", writeText("transcript.json", JSON.stringify(transcript))];
    const replayed = async (change: (bundle: Bundle) => Bundle) => {
      const file = writeText("bundle.json", serializeBundle(change(parseBundle(bundle))));
      const run = await runCliProcess(["replay", file, ...beside, "--package", GOLD, "--json"]);
      return { code: run.code, output: JSON.parse(run.stdout) as Failure };
    };
    // The round's number is no part of the run: without the signature nobody would see it.
    const forged = await replayed((each) => {
      const text = Buffer.from(each.envelope.payload, "base64").toString();
      const payload = Buffer.from(text.replace(/"round":\d+/, '"round":4000000000'));
      return { ...each, envelope: { ...each.envelope, payload: payload.toString("base64") } };
    });
    expect([forged.code, forged.output.error.code]).toEqual([11, "SIGNATURE_WRONG"]);
    const nobody = await replayed((each) => ({ ...each, keys: [] }));
    expect([nobody.code, nobody.output.error.code]).toEqual([12, "SIGNER_NOT_TRUSTED"]);
    for (const claim of [{ wall: "bubblewrap+seccomp" }, { attestation: "hardware" }] as const) {
      const receipt = await replayed((each) => ({
        ...each,
        run: each.run && { ...each.run, ...claim },
      }));
      expect(receipt.code).toBe(14);
      expect(receipt.output.data?.differences).toMatchObject([
        { where: "receipt", path: "digest" },
      ]);
    }
  });

  it("names changed code by its measurement", async () => {
    const { transcript } = await recorded();
    const other = path.join(temporaryFolder(), "gold-price");
    cpSync(GOLD, other, { recursive: true });
    const file = path.join(other, "bundle.js");
    writeFileSync(file, `${readFileSync(file, "utf8")} `);
    const { code, output } = await replayText(transcript, ["--package", other]);
    expect(code).toBe(14);
    expect(output.data?.differences).toMatchObject([{ where: "code", path: "measurement" }]);
  });

  it("says by code what it cannot read", async () => {
    const { transcript } = await recorded();
    const missing = await runCliProcess(["replay", "nothing.json", "--json"]);
    expect(missing.code).toBe(3);
    expect((await replayText({ no: "transcript" })).output.error.code).toBe("TRANSCRIPT_INVALID");
    const nobody = await runCliProcess([
      "replay",
      transcript.runId,
      "--url",
      "http://127.0.0.1:1",
      "--json",
    ]);
    expect(nobody.code).toBe(5);
    const named = { ...transcript, cryptlet: { ...transcript.cryptlet, id: "strangers-own" } };
    const file = writeText("strangers.json", JSON.stringify(named));
    const stranger = await runCliProcess(["replay", file, "--json"]);
    expect(stranger.code).toBe(2);
    expect((JSON.parse(stranger.stdout) as Failure).error.code).toBe("USAGE_INVALID");
  });
});
