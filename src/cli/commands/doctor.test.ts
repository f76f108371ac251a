import { createServer } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

import { runForTest } from "../../../test/support/run-cli.ts";
import { commands } from "../commands.ts";
import { runCheck, type CheckResult } from "../doctor/check.ts";

const checksOf = (stdout: string): ReadonlyMap<string, CheckResult> => {
  const { data } = JSON.parse(stdout) as { data: { checks: CheckResult[] } };
  return new Map(data.checks.map((check) => [check.id, check]));
};

describe("cryptlet doctor", () => {
  it("finds on this machine what the tests themselves need", async () => {
    const run = await runForTest(["doctor", "--json"], commands);
    expect(run.code).toBe(0);
    const checks = checksOf(run.stdout);
    for (const id of ["node", "disk", "clock", "libsql", "quickjs", "secp256k1", "anvil"])
      expect(checks.get(id)).toMatchObject({ status: "ok", todo: null });
    expect(checks.get("evidence")?.detail).toMatch(/SIMULATED|never tried on hardware/);
  });

  it("warns about a taken port and a message server that is not there, without failing", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const run = await runForTest(
      ["doctor", "--json", "--url", `http://127.0.0.1:${port}`],
      commands,
      { env: { NATS_SERVER_BIN: "/nowhere/nats-server" } },
    );
    server.close();
    expect(run.code).toBe(0);
    const checks = checksOf(run.stdout);
    expect(checks.get("port")?.status).toBe("warn");
    expect(checks.get("nats-server")?.status).toBe("warn");
    expect(checks.get("nats-server")?.todo).toContain("NATS_SERVER_BIN");
  });

  it("says in text what is there and what to do", async () => {
    const run = await runForTest(["doctor"], commands, {
      env: { NATS_SERVER_BIN: "/nowhere/nats-server" },
    });
    expect(run.stdout).toContain("database (libsql)");
    expect(run.stdout).toContain("To do:");
  });
});

const broken = async (): Promise<string> => {
  throw new Error("not there");
};

describe("runCheck", () => {
  const context = { env: {}, url: "http://127.0.0.1:1", signal: new AbortController().signal };
  const check = { id: "x", title: "X", todo: "Do it." };

  it.each([
    [true, "fail"],
    [false, "warn"],
  ] as const)("required %s: %s", async (required, status) => {
    expect(await runCheck({ ...check, required, look: broken }, context)).toEqual({
      id: "x",
      title: "X",
      status,
      detail: "not there",
      todo: "Do it.",
    });
  });
});
