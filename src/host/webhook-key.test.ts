import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { openWebhookKey } from "./webhook-key.ts";

describe("openWebhookKey", () => {
  it("makes a key for nobody else's eyes, and finds it again", async () => {
    const folder = temporaryFolder();
    const first = await openWebhookKey(folder);
    const again = await openWebhookKey(folder);
    expect(again.id).toBe(first.id);
    expect(again.secret("wh_1", 1)).toEqual(first.secret("wh_1", 1));
    expect(statSync(path.join(folder, "webhook-key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["webhook-key"]);
    expect(readFileSync(path.join(folder, "webhook-key"), "utf8")).not.toContain(first.id);
  });

  it("is one key for all who open it at once", async () => {
    const folder = temporaryFolder();
    const keys = await Promise.all(Array.from({ length: 8 }, () => openWebhookKey(folder)));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(["webhook-key"]);
  });

  it("derives another secret for each webhook and generation", async () => {
    const key = await openWebhookKey(temporaryFolder());
    const other = await openWebhookKey(temporaryFolder());
    const secrets = [
      key.secret("wh_1", 1),
      key.secret("wh_1", 2),
      key.secret("wh_2", 1),
      other.secret("wh_1", 1),
    ].map(String);
    expect(new Set(secrets).size).toBe(4);
    expect(key.secret("wh_1", 1)).toHaveLength(32);
    expect(other.id).not.toBe(key.id);
  });

  it.each(["", "00", "zz".repeat(32), "00".repeat(33), `${"00".repeat(32)}\n\n`])(
    "takes no file with %j for a key, and leaves it",
    async (text) => {
      const folder = temporaryFolder();
      writeFileSync(path.join(folder, "webhook-key"), text);
      await expect(openWebhookKey(folder)).rejects.toMatchObject({
        code: "WEBHOOK_KEY_UNREADABLE",
      });
      expect(readFileSync(path.join(folder, "webhook-key"), "utf8")).toBe(text);
    },
  );

  it("says by code that a folder stands in its place, or that there is none to write to", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "webhook-key"));
    await expect(openWebhookKey(folder)).rejects.toMatchObject({ code: "WEBHOOK_KEY_UNREADABLE" });
    await expect(openWebhookKey(path.join(folder, "none"))).rejects.toMatchObject({
      code: "WEBHOOK_KEY_UNREADABLE",
    });
    chmodSync(folder, 0o700);
  });
});
