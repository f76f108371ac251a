import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

import { findAnvil, startAnvil } from "./anvil.ts";

const askChainId = async (url: string): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
  });
  return ((await response.json()) as { result: unknown }).result;
};

describe("findAnvil", () => {
  it("finds the binary behind npm's wrapper script, which would outlive its own SIGKILL", async () => {
    // A copy far from every package stands for a command line that was installed elsewhere.
    const folder = mkdtempSync(path.join(tmpdir(), "anvil-path-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
    const code = readFileSync("dist/src/cli/anvil.js", "utf8").replaceAll(
      /from "\.\.\/(.*?)"/g,
      (_all, rest: string) =>
        `from ${JSON.stringify(pathToFileURL(path.resolve("dist/src", rest)).href)}`,
    );
    const copy = path.join(folder, "anvil.js");
    writeFileSync(copy, code.replace(/\n\/\/# sourceMappingURL.*/, ""));
    const far = (await import(pathToFileURL(copy).href)) as { findAnvil: typeof findAnvil };
    expect(far.findAnvil("")).toBeNull();
    expect(far.findAnvil(path.resolve("node_modules/.bin"))).toBe(findAnvil(""));
  });
});

describe("startAnvil", () => {
  it("starts the binary itself on a free port and stops it", async () => {
    expect(existsSync(findAnvil() ?? "")).toBe(true);
    const anvil = await startAnvil({ signal: new AbortController().signal, chainId: 4_242 });
    expect(await askChainId(anvil.url)).toBe("0x1092");
    await anvil.stop();
    await expect(askChainId(anvil.url)).rejects.toThrow("fetch failed");
  });

  it("dies with its starter, even when that one is killed", async () => {
    const module = pathToFileURL(path.resolve("dist/src/cli/anvil.js")).href;
    const code = `const { startAnvil } = await import(${JSON.stringify(module)});
      const { url } = await startAnvil({ signal: new AbortController().signal });
      console.log(url);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", code]);
    const [line] = (await once(starter.stdout, "data")) as [Buffer];
    const url = line.toString().trim();
    expect(await askChainId(url)).toBe("0x7a69");
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    socket.on("error", () => {});
    starter.kill("SIGKILL");
    // The chain's end of the connection goes away with the chain.
    await closed;
    await expect(askChainId(url)).rejects.toThrow("fetch failed");
  });

  it("leaves nothing behind when it is interrupted while starting", async () => {
    const stop = new AbortController();
    const starting = startAnvil({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(starting).rejects.toMatchObject({ code: "ANVIL_UNAVAILABLE" });
  });
});
