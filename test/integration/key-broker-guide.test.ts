import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EMULATOR_CREDENTIALS } from "../../src/emulator/crm-providers.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { runCliProcess, startCli, type CliProcess } from "../support/cli-process.ts";
import { readCodeBlocks } from "../support/code-blocks.ts";
import { reportNotRun } from "../support/not-run.ts";

// docs/key-broker.md, done by the book. The ports are the only thing that is not as in the guide.

const GUIDE = "docs/key-broker.md";
const blocks = readCodeBlocks(GUIDE);
let folder: string;
let emulator: ProviderEmulator;
let env: NodeJS.ProcessEnv;
let brokerPort: number;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};
const hasOpenssl = (): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-broker-guide-"));
  emulator = await startProviderEmulator({ seed: "guide", maxStepPpm: 0 });
  mkdirSync(path.join(folder, "dist"));
  symlinkSync(path.resolve("dist/cryptlets"), path.join(folder, "dist/cryptlets"));
  writeFileSync(path.join(folder, "providers-ca.pem"), emulator.caPem);
  writeFileSync(path.join(folder, "hubspot-token"), `${EMULATOR_CREDENTIALS.accessToken}\n`);
  brokerPort = await freePort();
  const apiPort = await freePort();
  env = { CRYPTLET_API_PORT: String(apiPort), CRYPTLET_URL: `http://127.0.0.1:${apiPort}` };
});
afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, content: unknown): void =>
  writeFileSync(path.join(folder, name), JSON.stringify(content));
/** Lines of the `sh` blocks in order. */
const lines = blocks
  .filter(({ language }) => language === "sh")
  .flatMap(({ text }) => text.trim().split("\n"));
const [fabricJson, brokerJson, simulatedJson, hubspotJson, changeJson] = blocks
  .filter(({ language }) => language === "json")
  .map(({ text }) => text);
const parsed = (text = "", measurement = ""): Record<string, unknown> =>
  JSON.parse(
    text
      .replaceAll("<measurement>", measurement)
      .replace('"port": 8443', `"port": ${emulator.port}`)
      .replaceAll("8700", String(brokerPort)),
  ) as Record<string, unknown>;

const run = async (line: string | undefined): Promise<string> => {
  const words = (line ?? "").split(" ").slice(2);
  const { code, stdout, stderr } = await runCliProcess([...words, "--json"], { cwd: folder, env });
  expect([line, code, code === 0 ? "" : stdout + stderr]).toEqual([line, 0, ""]);
  return stdout;
};
const start = async (line: string | undefined): Promise<CliProcess> => {
  const words = (line ?? "").split(" ").slice(2);
  const service = startCli([...words, "--json"], { cwd: folder, env });
  expect(JSON.parse(await service.nextLine())).toMatchObject({ type: "ready" });
  return service;
};
const stop = async (service: CliProcess): Promise<void> => {
  service.child.kill("SIGTERM");
  expect(await service.exit).toBe(0);
};

it(
  "gives a CRM token to the enclave that the guide names, and to nobody else",
  { timeout: 90_000 },
  async () => {
    if (!hasOpenssl()) return reportNotRun(GUIDE, "openssl is not installed");
    const take = (): string | undefined => lines.shift();
    for (let i = 0; i < 3; i++) execFileSync("sh", ["-c", take() ?? ""], { cwd: folder });
    const fabric = parsed(fabricJson);
    write("fabric.json", fabric);

    const plain = await start(take());
    const measured = JSON.parse(await run(take())) as { data: { measurement: string } };
    await run(take());
    await stop(plain);

    write("broker.json", parsed(brokerJson));
    write("simulated.json", parsed(simulatedJson, measured.data.measurement));
    write("hubspot.json", parsed(hubspotJson, measured.data.measurement));
    await run(take());
    const broker = await start(take());

    write("fabric.json", { ...fabric, ...parsed(changeJson) });
    const host = await start(take());
    const watched = await run(take());
    expect(JSON.parse(watched)).toMatchObject({ feed: "datum-rating", round: 1, simulated: true });
    expect(watched).toContain("BBB+");
    await stop(host);

    const audit = JSON.parse(await run(take())) as { data: { events: { event: object }[] } };
    expect(audit.data.events.map(({ event }) => event)).toMatchObject([
      { action: "put", secret: "hubspot" },
      { action: "release", secret: "hubspot", host: "host-a", cryptlet: "crm-record" },
    ]);
    expect(await run(take())).toContain('"revokedAt":null');
    await run(take());
    expect(lines).toEqual([]);

    const refused = await runCliProcess(["host", "start", "--json"], { cwd: folder, env });
    expect(refused.code).toBe(13);
    expect(refused.stdout).toContain("BROKER_SECRET_REFUSED");
    await stop(broker);
    const log = readFileSync(path.join(folder, "broker", "vault.db"));
    expect(log.includes(EMULATOR_CREDENTIALS.accessToken)).toBe(false);
  },
);
