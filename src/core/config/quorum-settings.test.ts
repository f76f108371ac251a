import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isFabricError } from "../errors/fabric-error.ts";
import { parseConfig } from "./load-config.ts";

const guide = /```json\n([\s\S]*?)\n```/.exec(readFileSync("docs/quorum.md", "utf8"))?.[1] ?? "";
type Raw = {
  quorum: { host: string; members: { id: string; keys: unknown[] }[]; leaseMs?: number };
  feeds: { quorum: Record<string, unknown> }[];
};
const raw = (change: (config: Raw) => void = () => undefined): unknown => {
  const config = JSON.parse(guide) as Raw;
  change(config);
  return config;
};
const parse = (config: unknown) => parseConfig(config, { env: {}, base: "/etc/cryptlet" });
const faultsOf = (change: (config: Raw) => void): string => {
  try {
    parse(raw(change));
    return "";
  } catch (error) {
    if (!isFabricError(error, "CONFIG_INVALID")) throw error;
    return String(error.arguments["faults"]);
  }
};
const feedQuorum = (config: Raw): Record<string, unknown> => config.feeds[0]?.quorum ?? {};

describe("the quorum of the configuration", () => {
  it("is what docs/quorum.md says, with every default", () => {
    const { quorum, feeds } = parse(raw());
    expect(quorum).toMatchObject({
      host: "host-a",
      appraisal: "/etc/cryptlet/members.policy.json",
      leaseMs: 10_000,
      deliverAfterMs: 15_000,
    });
    expect(quorum?.members.map(({ id, platformRoot }) => [id, platformRoot])).toEqual([
      ["host-a", "/etc/cryptlet/host-a.root.pem"],
      ["host-b", "/etc/cryptlet/host-b.root.pem"],
      ["host-c", "/etc/cryptlet/host-c.root.pem"],
    ]);
    expect(feeds[0]?.quorum).toEqual({
      members: ["host-a", "host-b", "host-c"],
      threshold: 2,
      tolerancePpm: 300,
      windowMs: 60_000,
      timeoutMs: 10_000,
      group: false,
    });
  });

  it("is nothing unless it is asked for", () => {
    const { quorum } = parse({});
    expect(quorum).toBeNull();
  });

  const wrong: [string, string, (config: Raw) => void][] = [
    [
      "half of the members",
      "feeds[0].quorum.threshold",
      (c) => {
        feedQuorum(c)["members"] = ["host-a", "host-b"];
        feedQuorum(c)["threshold"] = 1;
      },
    ],
    [
      "more than all of them",
      "feeds[0].quorum.threshold",
      (c) => {
        feedQuorum(c)["threshold"] = 4;
      },
    ],
    [
      "a member twice",
      "feeds[0].quorum.members",
      (c) => {
        feedQuorum(c)["members"] = ["host-a", "host-b", "host-b"];
      },
    ],
    [
      "a member that is none",
      "feeds[0].quorum.members",
      (c) => {
        feedQuorum(c)["members"] = ["host-a", "host-b", "host-x"];
      },
    ],
    [
      "others only",
      "feeds[0].quorum.members",
      (c) => {
        feedQuorum(c)["members"] = ["host-b", "host-c"];
      },
    ],
    [
      "a host that is no member",
      "quorum.host",
      (c) => {
        c.quorum.host = "host-x";
      },
    ],
    [
      "a host twice",
      "quorum.members",
      (c) => {
        c.quorum.members.push({ id: "host-a", keys: [] });
      },
    ],
    [
      "members without keys",
      "quorum.members[0].keys",
      (c) => {
        const [first] = c.quorum.members;
        if (first) first.keys = [];
      },
    ],
    [
      "no hosts",
      "feeds[0].quorum",
      (c) => {
        Reflect.deleteProperty(c, "quorum");
      },
    ],
    [
      "a group of one",
      "feeds[0].quorum.group",
      (c) => {
        feedQuorum(c)["members"] = ["host-a"];
        feedQuorum(c)["threshold"] = 1;
        feedQuorum(c)["group"] = true;
      },
    ],
    [
      "a lease that nobody can keep",
      "quorum.leaseMs",
      (c) => {
        c.quorum.leaseMs = 10;
      },
    ],
    [
      "a word that is not known",
      "feeds[0].quorum",
      (c) => {
        feedQuorum(c)["tolerance"] = 1;
      },
    ],
  ];
  it.each(wrong)("is refused with %s", (_, where, change) => {
    expect(faultsOf(change)).toContain(`${where}:`);
  });
});
