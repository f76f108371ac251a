import { expect, test } from "vitest";
import { decideProviderMode } from "./provider-mode.ts";

const reachable = (...names: string[]) => ({
  reaches: async (host: string) => names.includes(host),
});

test("a configured mode is kept without asking the network", async () => {
  const asked: string[] = [];
  const options = {
    reaches: async (host: string) => {
      asked.push(host);
      return true;
    },
  };
  await expect(decideProviderMode("live", ["a.example"], 1, options)).resolves.toBe("LIVE");
  await expect(decideProviderMode("emulated", ["a.example"], 1, options)).resolves.toBe("EMULATED");
  expect(asked).toEqual([]);
});

test("auto is live only when enough providers answer", async () => {
  const hosts = ["a.example", "b.example", "c.example"];
  await expect(
    decideProviderMode("auto", hosts, 2, reachable("a.example", "c.example")),
  ).resolves.toBe("LIVE");
  await expect(decideProviderMode("auto", hosts, 2, reachable("b.example"))).resolves.toBe(
    "EMULATED",
  );
  await expect(decideProviderMode("auto", [], 0, reachable())).resolves.toBe("EMULATED");
});

test("tenants' wildcard hosts are not probed", async () => {
  const asked: string[] = [];
  await decideProviderMode("auto", ["*.crm.example", "a.example"], 1, {
    reaches: async (host) => {
      asked.push(host);
      return true;
    },
  });
  expect(asked).toEqual(["a.example"]);
});

test("a name that does not resolve and an aborted probe count as unreachable", async () => {
  await expect(decideProviderMode("auto", ["provider.invalid"], 1)).resolves.toBe("EMULATED");
  await expect(
    decideProviderMode("auto", ["provider.invalid"], 1, { signal: AbortSignal.abort() }),
  ).resolves.toBe("EMULATED");
});
