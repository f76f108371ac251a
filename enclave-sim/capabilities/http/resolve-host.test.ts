import { describe, expect, it } from "vitest";
import { resolveHost } from "./resolve-host.ts";

const resolve = (addresses: readonly string[], allowPrivateAddresses = false) =>
  resolveHost("api.example.com", {
    allowPrivateAddresses,
    resolver: () => Promise.resolve(addresses),
  });

describe("resolveHost", () => {
  it("gives the addresses that the name server gave, three at most", async () => {
    expect(await resolve(["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4"])).toEqual([
      "1.1.1.1",
      "1.0.0.1",
      "8.8.8.8",
    ]);
  });

  it("refuses the whole answer for one private address, wherever it stands", async () => {
    for (const answer of [
      ["10.0.0.1"],
      ["1.1.1.1", "10.0.0.1"],
      ["1.1.1.1", "1.1.1.2", "1.1.1.3", "::1"],
    ])
      await expect(resolve(answer)).rejects.toMatchObject({ code: "HTTP_PRIVATE_ADDRESS" });
  });

  it("allows private addresses where the configuration does", async () => {
    expect(await resolve(["127.0.0.1"], true)).toEqual(["127.0.0.1"]);
  });

  it("names a name without address, and a resolver that fails", async () => {
    await expect(resolve([])).rejects.toMatchObject({ code: "HTTP_NAME_UNKNOWN" });
    const failing = resolveHost("api.example.com", {
      allowPrivateAddresses: false,
      resolver: () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })),
    });
    await expect(failing).rejects.toMatchObject({
      code: "HTTP_NAME_UNKNOWN",
      arguments: { reason: "ENOTFOUND" },
    });
  });
});
