import { expect, test } from "vitest";
import { createTeardown } from "./teardown.ts";

test("everything is undone once, newest first, whatever fails on the way", async () => {
  const teardown = createTeardown();
  const undone: string[] = [];
  const fault = new Error("second");
  teardown.push(() => void undone.push("first"));
  teardown.push(() => {
    undone.push("second");
    throw fault;
  });
  teardown.push(async () => void undone.push("third"));
  await expect(teardown.run()).rejects.toBe(fault);
  await expect(teardown.run()).rejects.toBe(fault);
  expect(undone).toEqual(["third", "second", "first"]);
});
