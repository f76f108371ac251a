import path from "node:path";

import { fileFault } from "../core/errors/file-fault.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { startReplayServer } from "../emulator/start-replay-server.ts";
import { answersAt, readRecording } from "../test-kit/recording.ts";
import type { Output } from "./output.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";
import { untilStopped } from "./until-stopped.ts";

interface ServeOptions {
  /** File, or folder of them. */
  readonly replay: string;
  readonly port: number;
  readonly caFile: string | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/**
 * Answer as the sources of a recording did, over real TLS under their names, until the signal aborts: for hosts on a
 * machine that the network does not reach. Throws `RECORDING_INVALID`, `FILE_UNREADABLE`, `FILE_UNWRITABLE`.
 */
export const serveRecording = async (options: ServeOptions): Promise<void> => {
  const { output, signal } = options;
  const { writeFile } = await import("node:fs/promises");
  const recording = await readRecording(options.replay);
  const server = await startReplayServer({
    port: options.port,
    answer: (request) =>
      request.method === "GET" || request.method === "POST"
        ? answersAt(recording, Date.now()).http({ ...request, method: request.method })
        : null,
    onMissing: ({ method, url }) => output.note(`the recording has no answer to ${method} ${url}`),
  });
  const folder = options.caFile === undefined ? createTemporaryFolder("cryptlet-providers-") : null;
  try {
    const caFile = path.resolve(
      options.caFile ?? path.join(folder?.path ?? ".", "providers-ca.pem"),
    );
    // It is made anew at each start, so an older one is replaced.
    await writeFile(caFile, server.caPem).catch((error: unknown) => {
      const reason = fileFault(error);
      throw fabricError("FILE_UNWRITABLE", { file: caFile, reason }, { cause: error });
    });
    const { address, port } = server;
    const providers = { mode: "emulated", emulator: { address, port, caFile } };
    const hosts = [...new Set(recording.exchanges.map(({ request }) => new URL(request.url).host))];
    output.event(
      { type: "ready", address, port, caFile, hosts, configuration: { providers } },
      [
        output.style.bold(`Recorded answers at https://${address}:${port}`),
        `It plays ${hosts.join(", ")}.`,
        "",
        "For the host's configuration:",
        `"providers": ${JSON.stringify(providers, null, 2)}`,
        "",
        output.style.warn("Every value from here is EMULATED and marked so. Ctrl-C stops it."),
      ].join("\n"),
    );
    await untilStopped(signal);
  } finally {
    await server.close();
    await folder?.remove();
  }
};
