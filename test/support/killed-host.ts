import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { createFabricClient, type FabricClient } from "../../src/client/fabric-client.ts";

const SCRIPT = path.resolve("test/support/subscriber-host.mjs");
const DIST = path.resolve("dist");

/** One life of the host of subscriber-host.mjs. */
export interface HostLife {
  /** Null when it died before it was ready. */
  readonly url: string | null;
  /** Asks for a round; nobody waits for it. */
  commit(): void;
  kill(): void;
  /** Signal that ended it; null for none. */
  readonly died: Promise<string | null>;
}

/** Starts a host on `folder` that dies at the commit named by `kill`. */
export const startKilledHost = async (
  folder: string,
  settings: object = {},
  kill = "none",
): Promise<HostLife> => {
  const child = spawn(process.execPath, [SCRIPT, DIST, folder, JSON.stringify(settings), kill], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  // A host that is dead takes no more words.
  child.stdin.on("error", () => {});
  const died = once(child, "exit").then(([, signal]) =>
    typeof signal === "string" ? signal : null,
  );
  const lines = createInterface({ input: child.stdout });
  const first = once(lines, "line").then(([line]) => String(line));
  const url = await Promise.race([first, died.then(() => null)]);
  return {
    url,
    commit: () => void child.stdin.write("commit\n"),
    kill: () => void child.kill("SIGKILL"),
    died,
  };
};

/** A client of whichever life of the host there is: between two of them nothing answers. */
export const createClientOfLives = (current: () => string | null): FabricClient =>
  createFabricClient({
    url: "http://host.invalid",
    token: "token",
    fetch: async (input, init) => {
      const url = current();
      if (url === null) throw new TypeError("fetch failed");
      const asked = new Request(input, init);
      return await fetch(asked.url.replace("http://host.invalid", url), init);
    },
  });
