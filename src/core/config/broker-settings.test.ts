import { describe, expect, it } from "vitest";
import { parseConfig } from "./load-config.ts";

const env = { TOKEN: "host-token", VALUE: "hubspot-value" };
const parse = (raw: object) => parseConfig(raw, { env, base: "/srv" });
const failureOf = (raw: object): string => {
  try {
    parse(raw);
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
};
const broker = { url: "https://broker.example:8700", token: { $env: "TOKEN" } };
const cryptlets = [
  {
    package: "crm-record",
    secrets: { HUBSPOT_ACCESS_TOKEN: { $broker: "hubspot-token" }, OTHER: { $env: "VALUE" } },
  },
];

describe("secrets that are with a key broker", () => {
  it("are names, apart from those that are at hand", () => {
    const { cryptlets: found, broker: client } = parse({ broker, cryptlets });
    expect(found[0]?.brokerSecrets).toEqual({ HUBSPOT_ACCESS_TOKEN: "hubspot-token" });
    expect(Object.keys(found[0]?.secrets ?? {})).toEqual(["OTHER"]);
    expect(client).toMatchObject({ url: "https://broker.example:8700", caFile: null });
    expect(JSON.stringify(found)).not.toContain("hubspot-value");
  });

  it("need a broker", () => {
    const failure = failureOf({ cryptlets });
    expect(failure).toContain("cryptlets[0].secrets.HUBSPOT_ACCESS_TOKEN");
    expect(failure).not.toContain("OTHER");
  });

  it.each([
    "http://127.0.0.1:8700",
    "http://localhost:8700",
    "http://[::1]:8700",
    "https://b.example",
  ])("may be fetched from %s", (url) => {
    expect(failureOf({ broker: { ...broker, url }, cryptlets })).toBe("none");
  });

  it.each([
    "http://broker.example:8700",
    "https://user:password@broker.example",
    "ftp://broker.example",
    "broker.example",
  ])("are never asked for at %s", (url) => {
    const failure = failureOf({ broker: { ...broker, url }, cryptlets });
    expect(failure).toContain("broker.url");
    expect(failure).not.toContain("password");
  });

  it("have a name, and no value stands in their place", () => {
    const at = (value: unknown) =>
      failureOf({ broker, cryptlets: [{ package: "crm-record", secrets: { A: value } }] });
    for (const wrong of [
      { $broker: "" },
      { $broker: "Up" },
      { $broker: "a", $env: "VALUE" },
      "hubspot-value",
    ])
      expect(at(wrong)).toContain("cryptlets[0].secrets.A");
    expect(at("hubspot-value")).not.toContain("hubspot-value");
  });
});

it("serves the attested API only where it is asked for, by safe defaults", () => {
  expect(parse({}).api.attested).toBeNull();
  expect(parse({ api: { attested: {} } }).api.attested).toEqual({
    host: "127.0.0.1",
    port: 8_643,
    renewMinutes: 60,
  });
});
