import { createServer } from "node:http";
import { once } from "node:events";
import path from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");

/** What a dapp's bundler makes of a line of code for browsers. */
const bundle = async (contents: string) => {
  const result = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    globalName: "dapp",
    logLevel: "silent",
    // Libraries of chains are the dapp's own; their size is not ours.
    external: ["ethers", "viem", "viem/actions"],
  });
  const imports = Object.values(result.metafile.inputs).flatMap((input) => input.imports);
  const text = result.outputFiles[0]?.text ?? "";
  return {
    text,
    bytes: Buffer.byteLength(text),
    inputs: Object.keys(result.metafile.inputs),
    builtins: imports.map((one) => one.path).filter((name) => name.startsWith("node:")),
  };
};
const from = (edge: string): string => `${root}/src/${edge}/index.ts`;

describe("the client in a browser", () => {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ feeds: [] }));
  });
  let url = "";
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  });
  afterAll(() => void server.close());

  it("reads a fabric and refuses a bundle, in a realm without anything of Node", async () => {
    const { text, builtins } = await bundle(`export * from "${from("client")}";`);
    expect(builtins).toEqual([]);
    expect(text).not.toMatch(/require\(["']/);
    const realm = createContext({
      TextEncoder,
      TextDecoder,
      TextDecoderStream,
      atob,
      btoa,
      fetch,
      URL,
      URLSearchParams,
      AbortSignal,
      AbortController,
      setTimeout,
      clearTimeout,
      crypto: globalThis.crypto,
    });
    runInContext(text, realm);
    const call = `(async () => JSON.stringify([
      await dapp.createFabricClient({ url: ${JSON.stringify(url)} }).feeds.list(),
      (await dapp.verifyBundle("{}", { at: 0, trust: { id: "x", keys: [], attested: null,
        threshold: 1, requireEvidence: true, allowSimulated: false, allowEmulated: false,
        maxAgeMs: null, clockSkewMs: 0 } })).code,
    ]))()`;
    const said: unknown = JSON.parse(String(await runInContext(call, realm)));
    expect(said).toEqual([[], "BUNDLE_MALFORMED"]);
  });

  it.each(["client/ethers", "client/viem"])("bundles %s without anything of Node", async (edge) => {
    const { builtins, inputs } = await bundle(`export * from "${from(edge)}";`);
    expect(builtins).toEqual([]);
    const other = edge === "client/viem" ? "client/ethers/" : "client/viem/";
    expect(inputs.filter((file) => file.includes(other))).toEqual([]);
  });
});

describe("what a dapp does not use", () => {
  const names = (list: string, edge = "client") => `export { ${list} } from "${from(edge)}";`;

  it("is left out", async () => {
    const [all, reader, mark] = await Promise.all(
      [
        `export * from "${from("client")}";`,
        names("createFabricClient"),
        names("pullArguments", "client/viem"),
      ].map(bundle),
    );
    const [whole = 0, readerBytes = 0, markBytes = 0] = [all, reader, mark].map(
      (one) => one?.bytes ?? 0,
    );
    // Half of zod are its messages in fifty languages: `import { z }` would bring all of them along.
    expect(whole).toBeLessThan(500_000);
    expect(readerBytes).toBeLessThan(whole * 0.9);
    expect(markBytes).toBeLessThan(whole * 0.9);
  });
});
