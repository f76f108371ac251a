import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ABI_VERSION } from "./transcript.ts";
import { WASM_PROFILES } from "../runners/wasm/wasm-profile.ts";

const text = readFileSync(new URL("cryptlet.wit", import.meta.url), "utf8");
const core = WASM_PROFILES.find(({ name }) => name === "core");

/** Count of parameters, and whether there is a result, of a line like `host_call(ptr, len) -> n`. */
const shapeOf = (name: string): string | null => {
  const found = new RegExp(`^//   ${name}\\(([^)]*)\\)( -> )?`, "m").exec(text);
  if (!found) return null;
  const parameters = (found[1] ?? "").split(",").filter((word) => word.trim() !== "");
  return `${"i".repeat(parameters.length)}:${found[2] === undefined ? "" : "i"}`;
};

test("the document has every function of the wall with its parameters, and no other", () => {
  const wall = [...(core?.imports ?? [])].filter(([name]) => name.startsWith("cryptlet."));
  expect(wall).toHaveLength(3);
  for (const [name, signature] of wall)
    expect([name, shapeOf(name.slice("cryptlet.".length))]).toEqual([name, signature]);
  const exported = [...(core?.exports ?? []), ...(core?.optional ?? [])];
  for (const [name, signature] of exported)
    expect([name, shapeOf(name)]).toEqual([name, signature]);
  const documented = [...text.matchAll(/^\/\/   (\w+)\(/gm)].map(([, name]) => name ?? "");
  expect(documented.toSorted()).toEqual(
    [...wall.map(([name]) => name.slice(9)), ...exported.map(([name]) => name)].toSorted(),
  );
});

test("the document names the version of the ABI and the module's memory", () => {
  expect(text).toContain(`cryptlet_abi() -> ${ABI_VERSION} `);
  expect(text).toContain(`package cryptlet:wall@${ABI_VERSION}.0.0;`);
  expect(text).toContain(`//   ${core?.memory}\n`);
});
