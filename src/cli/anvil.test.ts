import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { findAnvil, startAnvil } from "./anvil.ts";

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const askChainId = async (url: string): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
  });
  return ((await response.json()) as { result: unknown }).result;
};

describe("startAnvil", () => {
  it("starts the binary itself on a free port and stops it", async () => {
    expect(existsSync(findAnvil() ?? "")).toBe(true);
    const anvil = await startAnvil({ signal: new AbortController().signal, chainId: 4_242 });
    expect(await askChainId(anvil.url)).toBe("0x1092");
    await anvil.stop();
    expect(alive(anvil.pid)).toBe(false);
  });

  it("leaves nothing behind when it is interrupted while starting", async () => {
    const stop = new AbortController();
    const starting = startAnvil({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(starting).rejects.toMatchObject({ code: "ANVIL_UNAVAILABLE" });
  });
});
