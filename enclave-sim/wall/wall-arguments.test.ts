import { expect, test } from "vitest";
import { wallArguments } from "./wall-arguments.ts";
import type { WallCommand } from "./wall-process.ts";
import { findWallTools, libraryFiles } from "./wall-tools.ts";

const tools = { setpriv: "/usr/bin/setpriv", bwrap: "/usr/bin/bwrap", prlimit: "/usr/bin/prlimit" };
const command: WallCommand = {
  command: ["/usr/bin/python3", "-", "--unshare-nothing"],
  mounts: [{ from: "/usr" }, { from: "/srv/code", to: "/code" }],
  limits: { memoryBytes: 1_000_000, processes: 5, files: 6, temporaryBytes: 0 },
  profile: "program",
};
const argsOf = (change: Partial<WallCommand> = {}, root = true) =>
  wallArguments(
    { ...command, ...change },
    { tools, libraries: ["/usr/lib/a.so", "/lib/b.so"], root },
  );
const after = (args: readonly string[], name: string): readonly (string | undefined)[] =>
  args.flatMap((argument, index) => (argument === name ? [args[index + 1]] : []));

test("root becomes nobody before bubblewrap, which otherwise is no wall", () => {
  const args = argsOf();
  expect(args[0]).toBe(tools.setpriv);
  const bwrap = args.indexOf(tools.bwrap);
  for (const needed of ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"])
    expect(args.slice(0, bwrap)).toContain(needed);
  expect(argsOf({}, false).join(" ")).not.toContain("reuid");
  expect(argsOf({}, false)).toContain("--no-new-privs");
});

test("everything is taken away, and the root is read-only after the last mount", () => {
  const args = argsOf({ proc: true, limits: { ...command.limits, temporaryBytes: 77 } });
  for (const needed of [
    "--unshare-all",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--seccomp",
  ])
    expect(args).toContain(needed);
  expect(after(args, "--cap-drop")).toEqual(["ALL"]);
  expect(after(args, "--size")).toEqual(["77"]);
  const sealed = args.indexOf("--remount-ro");
  for (const [index, argument] of args.entries())
    if (/^--(ro-bind|dev-bind|tmpfs|proc)$/.test(argument)) expect(index).toBeLessThan(sealed);
  expect(argsOf()).not.toContain("--tmpfs");
  expect(argsOf()).not.toContain("--proc");
});

test("nothing is mounted but what was named, libraries that a mount covers not twice", () => {
  expect(after(argsOf(), "--ro-bind")).toEqual(["/usr", "/srv/code", tools.prlimit, "/lib/b.so"]);
});

test("limits and the command stand behind the last option, where no argument is one of bwrap's", () => {
  const args = argsOf({ environment: { LANG: "C" } });
  expect(args.slice(-4)).toEqual(["--", ...command.command]);
  for (const limit of ["--data=1000000", "--nproc=5", "--nofile=6", "--core=0"])
    expect(args).toContain(limit);
  expect(after(args, "--setenv")).toEqual(["LANG"]);
});

test("missing tools are named", () => {
  expect(findWallTools(["/nowhere"])).toEqual({ missing: ["bwrap", "setpriv", "prlimit"] });
});

test.runIf(process.platform === "linux")(
  "a program's libraries are files with absolute paths",
  () => {
    const files = libraryFiles(process.execPath);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(file).toMatch(/^\//);
    expect(libraryFiles(process.execPath)).toBe(files);
  },
);
