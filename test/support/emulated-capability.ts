import { readFile } from "node:fs/promises";
import type {
  HttpCapability,
  HttpExchange,
} from "../../enclave-sim/capabilities/http/http-capability.ts";
import { createHttpCapability } from "../../enclave-sim/capabilities/http/create-http-capability.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { ProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import type { HostAnswer, HostCall, Json, RunOutcome } from "../../src/sdk/abi.ts";
import type { Cryptlet } from "../../src/sdk/define-cryptlet.ts";
import { manifestSchema, type Manifest } from "../../src/sdk/manifest.ts";
import { serve } from "../../src/sdk/serve.ts";

/** A manifest of this repository. */
export const readManifest = async (name: string): Promise<Manifest> =>
  manifestSchema.parse(
    JSON.parse(
      await readFile(new URL(`../../cryptlets/${name}/cryptlet.json`, import.meta.url), "utf8"),
    ),
  );

/** The http capability of a manifest, routed to an emulator. */
export const emulatedCapability = (
  manifest: Manifest,
  emulator: ProviderEmulator,
  options: {
    secretValues?: Readonly<Record<string, string>>;
    clock?: Clock;
    timeoutMs?: number;
  } = {},
): HttpCapability => {
  const { http, secrets } = manifest.capabilities;
  if (!http) throw new Error("the manifest has no http capability");
  return createHttpCapability({
    http: { ...http, ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }) },
    secrets,
    secretValues: options.secretValues ?? {},
    sources: {
      mode: "emulated",
      address: emulator.address,
      port: emulator.port,
      caPem: emulator.caPem,
      allowPrivateAddresses: false,
    },
    ...(options.clock ? { clock: options.clock } : {}),
  });
};

/** A counter from 1, as the enclave gives one to each run. */
export const counter = (): (() => number) => {
  let last = 0;
  return () => (last += 1);
};

/**
 * Runs a Cryptlet on this engine over the real capability. Calls block in the enclave; here the run is repeated with
 * the answers known so far until it asks for nothing new, which a deterministic run does.
 */
export const runOver = async <Parameters>(
  cryptlet: Cryptlet<Parameters>,
  capability: HttpCapability,
  trigger: { readonly feed: string; readonly parameters?: Json; readonly at: number },
): Promise<{ readonly outcome: RunOutcome; readonly exchanges: readonly HttpExchange[] }> => {
  const known: HostAnswer[] = [];
  const exchanges: HttpExchange[] = [];
  const nextReference = counter();
  const text = JSON.stringify({ id: "run", kind: "manual", parameters: {}, ...trigger });
  for (;;) {
    let position = 0;
    let asked: Extract<HostCall, { op: "http.all" }> | null = null;
    const handle = serve(cryptlet, (callText) => {
      const call = JSON.parse(callText) as HostCall;
      if (call.op !== "http.all") return JSON.stringify({ ok: null } satisfies HostAnswer);
      const answer = known[position];
      position += 1;
      if (!answer) {
        asked = call;
        throw new Error("not answered yet");
      }
      return JSON.stringify(answer);
    });
    const outcome = JSON.parse(await handle.handle(text)) as RunOutcome;
    const next = asked as Extract<HostCall, { op: "http.all" }> | null;
    if (!next) return { outcome, exchanges };
    const signal = new AbortController().signal;
    const answered = await capability.all(next.requests, { signal, nextReference });
    exchanges.push(...answered);
    known.push({ ok: answered.map(({ answer }) => answer) as unknown as Json });
  }
};
