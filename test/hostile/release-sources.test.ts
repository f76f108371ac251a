import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { markRelease } from "../../src/registry/publish-release.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../../src/registry/open-folder-registry.ts";
import { openReleaseSource, type ReleaseSource } from "../../src/registry/release-source.ts";
import { failureOf } from "../support/failure-of.ts";
import { publisherKey, publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A host relies on several registries. Whoever writes to one of them, or runs one, must not decide over releases of the
// others: neither keep them from running, nor keep their revocation from being heard.

const gold = cryptletIdSchema.parse("gold-price");
const asked = { name: gold, version: "1.0.0" };
const owner = publisherKey(1);
const thief = publisherKey(2);
const HTTP = "http api.example.com:443/v1";

let root: string;
const make = async (name: string): Promise<FolderRegistry> => {
  const folder = path.join(root, name);
  await makeFolderRegistry(folder);
  return await openFolderRegistry(folder);
};
const revokeIn = async (registry: FolderRegistry, key: typeof owner): Promise<void> => {
  const release = await registry.release(gold, "1.0.0");
  if (!release) throw new Error("no release");
  await markRelease(registry, release, { kind: "revoke", reason: "leaked key", key, at: 2_000 });
};

let open: FolderRegistry;
let home: FolderRegistry;
const source = async (
  ...registries: { readonly source: string; readonly key: string }[]
): Promise<ReleaseSource> =>
  await openReleaseSource({
    directory: path.join(root, "host"),
    registries,
    accept: [
      {
        names: "gold-price",
        publisher: owner.record.keyid,
        measurements: null,
        minimumSvn: 0,
        capabilities: [HTTP],
      },
    ],
    names: [gold],
    log: silentLog,
  });
const trusted = (name: string, { identity }: FolderRegistry) => ({
  source: path.join(root, name),
  key: identity.key,
});

beforeEach(async () => {
  root = temporaryFolder();
  open = await make("open");
  home = await make("home");
  await publishTiny(home, tinyPackage());
});

describe("a stranger in one of the host's registries", () => {
  it("keeps no release of another registry from running by taking its name", async () => {
    await publishTiny(open, tinyPackage({ description: "Not theirs" }), { seed: 2 });
    const releases = await source(trusted("open", open), trusted("home", home));
    await releases.sync();
    const found = await releases.resolve(asked);
    expect(found).toMatchObject({
      publisher: owner.record.keyid,
      registryKey: home.identity.key,
      statement: { description: "Gold in US dollars" },
    });
  });

  it("revokes nobody's release by publishing its very bytes", async () => {
    await publishTiny(open, tinyPackage(), { seed: 2 });
    const [theirs] = await open.releases(gold);
    const [ours] = await home.releases(gold);
    expect(theirs?.release).toBe(ours?.release);
    await revokeIn(open, thief);
    for (const order of [
      [trusted("open", open), trusted("home", home)],
      [trusted("home", home), trusted("open", open)],
    ]) {
      const releases = await source(...order);
      await releases.sync();
      const found = await releases.resolve(asked);
      expect(found.publisher).toBe(owner.record.keyid);
      expect(releases.standing(asked, found)).toEqual({ deprecated: null, revoked: null });
    }
  });

  it("is told by the policy, where no registry has the name from an accepted publisher", async () => {
    const empty = await make("empty");
    await publishTiny(open, tinyPackage(), { seed: 2 });
    const releases = await source(trusted("open", open), trusted("empty", empty));
    await releases.sync();
    expect(await failureOf(() => releases.resolve(asked))).toMatchObject({
      code: "RELEASE_NOT_ACCEPTED",
    });
  });
});

describe("a registry that lies", () => {
  it("keeps no revocation in another registry from being heard", async () => {
    // Another log under the address that the host knows: its checkpoints are not signed by the key that it has.
    const liar = {
      source: path.join(root, "open"),
      key: home.identity.key.replace(/^home/, "liar"),
    };
    const releases = await source(trusted("open", open), trusted("home", home));
    await releases.sync();
    const found = await releases.resolve(asked);
    await revokeIn(home, owner);
    const later = await source(liar, trusted("home", home));
    expect(await failureOf(() => later.sync())).not.toMatchObject({ code: "none" });
    expect(later.standing(asked, found).revoked).toMatchObject({ reason: "leaked key" });
  });
});

describe("the publisher of a release", () => {
  it("revokes it in whichever registry", async () => {
    await publishTiny(open, tinyPackage());
    const releases = await source(trusted("home", home), trusted("open", open));
    await releases.sync();
    const found = await releases.resolve(asked);
    await revokeIn(open, owner);
    await releases.sync();
    expect(releases.standing(asked, found).revoked).toMatchObject({ reason: "leaked key" });
    expect(await failureOf(() => releases.resolve(asked))).toMatchObject({
      code: "RELEASE_REVOKED",
    });
  });
});
