import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { callRules } from "../../enclave-sim/wall/call-rules.ts";
import { wallArchitecture } from "../../enclave-sim/wall/seccomp-filter.ts";
import { SYSTEM_CALLS } from "../../enclave-sim/wall/system-calls.ts";
import { libraryFiles } from "../../enclave-sim/wall/wall-tools.ts";
import type { WallCommand } from "../../enclave-sim/wall/wall-process.ts";
import { reportNotRun } from "../support/not-run.ts";
import { syscallProgram, x64Program } from "../support/syscall-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { haveWall } from "../support/wall.ts";
import { askNodeWalled, runNodeWalled, runWalled, WALLED } from "../support/walled.ts";

// What code can do that has broken out of its engine: plain Node, or machine code, behind the wall.

const here = await haveWall("attacks from behind the wall");
/** Seccomp's signal, as bwrap passes it on: 128 + SIGSYS. */
const ENDED_BY_FILTER = 159;
const PROGRAM = { profile: "program" } as const;

/** Runs each expression and prints the code of its error, or "done" with what it gave. */
const attempts = (expressions: readonly string[]): string => `
  const results = [];
  const attempt = async (act) => {
    try { results.push("done " + String(await act())); }
    catch (error) { results.push(error.code ?? error.name); }
  };
  (async () => {
    ${expressions.map((expression) => `await attempt(async () => ${expression});`).join("\n")}
    process.stdout.write(JSON.stringify(results), () => process.exit());
  })();`;

describe.runIf(here)("files", () => {
  test("of the machine are not there", async () => {
    const files = [
      "/etc/passwd",
      "/etc/shadow",
      "/root",
      "/home",
      "/work",
      "/proc",
      "/sys",
      "/var",
      "/usr/bin",
      "/tmp",
      "/run",
      "/dev/mem",
      "/dev/kmsg",
      "/dev/shm",
    ];
    const read = files.map((file) => `require("fs").statSync(${JSON.stringify(file)})`);
    expect(await askNodeWalled(attempts(read))).toEqual(files.map(() => "ENOENT"));
    expect(
      await askNodeWalled(`console.log(JSON.stringify(require("fs").readdirSync("/").sort()))`),
    ).toEqual(
      expect.not.arrayContaining(["etc", "home", "proc", "root", "sys", "tmp", "usr", "var"]),
    );
  });

  test("cannot be written, made, linked or removed anywhere", async () => {
    const write = ["/x", "/guest/x", "/guest/node", "/dev/x", "/lib/x", "/wall/x"].map(
      (file) => `require("fs").writeFileSync(${JSON.stringify(file)}, "x")`,
    );
    const results = await askNodeWalled(
      attempts([
        ...write,
        `require("fs").mkdirSync("/y")`,
        `require("fs").symlinkSync("/dev/null", "/z")`,
        `require("fs").rmSync("/guest/node")`,
        `require("fs").chmodSync("/guest/node", 0o777)`,
      ]),
    );
    for (const result of results as string[])
      expect(result).toMatch(/^(EROFS|EACCES|ENOSYS|EPERM|ENOENT|ETXTBSY)$/);
  });

  test("fill no disk: the only place to write has its bound", async () => {
    const script = `
      const fs = require("fs");
      let bytes = 0, code = null;
      try { for (let i = 0; ; i++) { fs.writeFileSync("/tmp/f" + i, Buffer.alloc(65536)); bytes += 65536; } }
      catch (error) { code = error.code; }
      process.stdout.write(JSON.stringify({ code, bytes }));`;
    const limits = { ...WALLED, temporaryBytes: 1_048_576 };
    expect(await askNodeWalled(script, { ...PROGRAM, limits })).toEqual({
      code: "ENOSPC",
      bytes: expect.closeTo(1_048_576, -6) as number,
    });
    expect(
      await askNodeWalled(attempts([`require("fs").writeFileSync("/tmp/x", "x")`]), PROGRAM),
    ).toEqual(["ENOENT"]);
  });
});

describe.runIf(here)("the host's process", () => {
  test("gives no variable of its environment", async () => {
    process.env["WALL_TEST_SECRET"] = "canary";
    const environment = await askNodeWalled(`console.log(JSON.stringify(process.env))`);
    delete process.env["WALL_TEST_SECRET"];
    expect(environment).toEqual({ PWD: "/", UV_THREADPOOL_SIZE: "1" });
  });

  test("gives no open file but the three streams", async () => {
    const script = `
      const open = [];
      for (let fd = 0; fd < 32; fd++) try { require("fs").fstatSync(fd); open.push(fd); } catch {}
      process.stdout.write(JSON.stringify(open));`;
    // Those above are Node's own: its event loop and wake-up handles, never a file or a socket.
    const open = (await askNodeWalled(script)) as number[];
    const kinds = await askNodeWalled(`
      const kinds = [];
      for (const fd of ${JSON.stringify(open.filter((fd) => fd > 2))}) {
        const stats = require("fs").fstatSync(fd);
        kinds.push(stats.isFile() || stats.isDirectory() || stats.isSocket());
      }
      process.stdout.write(JSON.stringify(kinds));`);
    expect(kinds).toEqual(open.filter((fd) => fd > 2).map(() => false));
  });

  test("is not seen, and cannot be sent a signal", async () => {
    const command: Partial<WallCommand> = { ...PROGRAM, proc: true };
    const processes = await askNodeWalled(
      `console.log(JSON.stringify(require("fs").readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length))`,
      command,
    );
    expect(processes).toBeLessThanOrEqual(3);
    const results = await askNodeWalled(
      attempts([
        `process.kill(${process.pid}, 0)`,
        `process.kill(${process.ppid}, 0)`,
        `require("fs").readFileSync("/proc/${process.pid}/environ")`,
        `require("fs").writeFileSync("/proc/sys/kernel/hostname", "x")`,
        `require("fs").writeFileSync("/proc/sys/vm/overcommit_memory", "1")`,
        `require("fs").writeFileSync("/proc/sysrq-trigger", "x")`,
      ]),
      command,
    );
    for (const result of results as string[])
      expect(result).toMatch(/^(ESRCH|ENOENT|EACCES|EROFS|EPERM)$/);
  });

  test("runs as another user than the one who has everything", async () => {
    const ids = `[process.getuid(), process.geteuid(), process.getgid(), process.getgroups().length <= 1]`;
    const [uid, euid, gid, alone] = (await askNodeWalled(
      `process.stdout.write(JSON.stringify(${ids}))`,
    )) as unknown[];
    expect([uid, euid, gid]).not.toContain(0);
    expect(alone).toBe(true);
  });
});

describe.runIf(here)("the network", () => {
  const connect = (options: string) =>
    `new Promise((resolve, reject) => require("net").connect(${options}, resolve).once("error", reject))`;
  const tries = [
    connect(`{ host: "127.0.0.1", port: 22 }`),
    connect(`{ host: "169.254.169.254", port: 80 }`),
    connect(`{ host: "::1", port: 22 }`),
    connect(`{ path: "/run/dbus/system_bus_socket" }`),
    connect(`{ path: "\\0/tmp/.X11-unix/X0" }`),
    `new Promise((resolve, reject) => require("net").createServer().once("error", reject).listen(0, resolve))`,
    `new Promise((resolve, reject) => { const s = require("dgram").createSocket("udp4"); s.once("error", reject); s.send("x", 53, "8.8.8.8", (e) => e ? reject(e) : resolve()); })`,
    `new Promise((resolve, reject) => require("dns").resolve4("example.com", (e, a) => e ? reject(e) : resolve(a)))`,
    `require("dns").promises.lookup("example.com")`,
  ];

  test("is out of reach for an engine's process: it has no sockets at all", async () => {
    for (const result of (await askNodeWalled(attempts(tries))) as string[])
      expect(result).not.toMatch(/^done/);
  });

  test("is empty for a program: its loopback is its own", async () => {
    const results = (await askNodeWalled(attempts(tries), PROGRAM)) as string[];
    expect(results.filter((result) => result.startsWith("done"))).toEqual(
      // Only a server of its own, which nobody outside can see.
      results[5]?.startsWith("done") ? [results[5]] : [],
    );
  });
});

describe.runIf(here)("what there is of everything is bounded", () => {
  test("processes", async () => {
    const script = `
      const { spawn } = require("child_process");
      let started = 0;
      const again = () => {
        const child = spawn("/guest/node", ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
        child.once("error", (error) => { process.stdout.write(JSON.stringify({ started, code: error.code }), () => process.exit()); });
        child.once("spawn", () => { started += 1; again(); });
      };
      again();`;
    const limits = { ...WALLED, processes: 40 };
    const result = (await askNodeWalled(script, { ...PROGRAM, limits })) as {
      started: number;
      code: string;
    };
    expect(result.code).toBe("EAGAIN");
    expect(result.started).toBeLessThan(40);
  });

  test("processes of an engine's process: there are none besides it", async () => {
    const script = attempts([
      `new Promise((resolve, reject) => require("child_process").spawn("/guest/node", ["-v"]).once("error", reject).once("spawn", resolve))`,
      `require("child_process").execFileSync("/guest/node", ["-v"])`,
    ]);
    for (const result of (await askNodeWalled(script)) as string[])
      expect(result).toMatch(/^(EPERM|ENOSYS)$/);
  });

  test.each([
    ["buffers", `const all = []; for (;;) all.push(Buffer.alloc(16_777_216, 1));`],
    [
      "shared buffers",
      `const all = []; for (;;) all.push(new Uint8Array(new SharedArrayBuffer(16_777_216)).fill(1));`,
    ],
    [
      "wasm memory",
      `const all = []; for (;;) { const m = new WebAssembly.Memory({ initial: 256 }); new Uint8Array(m.buffer).fill(1); all.push(m); }`,
    ],
    ["objects", `const all = []; for (;;) all.push(new Array(1e5).fill({}).map(() => ({})));`],
    [
      "threads",
      `const { Worker } = require("worker_threads"); for (let i = 0; i < 200; i++) new Worker("setInterval(() => {}, 1e6)", { eval: true });`,
    ],
  ])("memory taken by %s", async (_name, script) => {
    const { code, signal } = await runNodeWalled(script, {
      limits: { ...WALLED, memoryBytes: 268_435_456 },
    });
    expect(code === 0 && signal === null).toBe(false);
  });

  test("memory that no limit would count is refused", async () => {
    const mmap = SYSTEM_CALLS[wallArchitecture() ?? "x64"].get("mmap") ?? 0;
    // PROT_READ | PROT_WRITE; MAP_SHARED | MAP_ANONYMOUS, then MAP_PRIVATE | MAP_ANONYMOUS.
    expect(await callWalled(mmap, [0n, 4096n, 3n, 0x21n, 0xffffffffffffffffn, 0n])).toBe(1);
    expect(await callWalled(mmap, [0n, 4096n, 3n, 0x23n, 0xffffffffffffffffn, 0n])).toBe(1);
  });

  test("open files", async () => {
    const script = `
      let count = 0;
      try { for (;;) { require("fs").openSync("/dev/null"); count += 1; } }
      catch (error) { process.stdout.write(JSON.stringify({ code: error.code, few: count < 32 })); }`;
    expect(await askNodeWalled(script)).toEqual({ code: "EMFILE", few: true });
  });

  test("none can be raised again", async () => {
    const prlimit = SYSTEM_CALLS[wallArchitecture() ?? "x64"].get("setrlimit") ?? 0;
    // RLIMIT_NOFILE from memory that is not there, and a limit cannot be raised without a capability anyway.
    expect(await callWalled(prlimit, [7n, 0n])).not.toBe(0);
  });
});

/** Exit code of a program that makes one system call behind the wall. */
const callWalled = async (
  number: number,
  args: readonly bigint[] = [],
  profile: WallCommand["profile"] = "engine",
): Promise<number | null> => runBytes(syscallProgram(number, args), profile);

const runBytes = async (bytes: Buffer, profile: WallCommand["profile"]): Promise<number | null> => {
  const folder = temporaryFolder();
  // Whoever is inside is nobody.
  chmodSync(folder, 0o755);
  const file = path.join(folder, "probe");
  writeFileSync(file, bytes, { mode: 0o755 });
  const { code } = await runWalled({
    command: ["/probe"],
    mounts: [{ from: file, to: "/probe" }],
    limits: WALLED,
    profile,
  });
  return code;
};

describe.runIf(here)("system calls", () => {
  const numbers = SYSTEM_CALLS[wallArchitecture() ?? "x64"];
  const deadly = [...callRules("engine")].flatMap(([name, rule]) => {
    const number = numbers.get(name);
    return rule === "kill" && number !== undefined ? [{ name, number }] : [];
  });

  test("there are many of them that end whoever makes them", () => {
    expect(deadly.length).toBeGreaterThan(50);
    for (const name of [
      "ptrace",
      "mount",
      "bpf",
      "keyctl",
      "userfaultfd",
      "io_uring_setup",
      "unshare",
      "setns",
      "kexec_load",
      "init_module",
      "clock_settime",
      "process_vm_readv",
      "perf_event_open",
    ])
      expect(deadly.map((call) => call.name)).toContain(name);
  });

  test.each(deadly)("$name is fatal in both profiles", async ({ number }) => {
    expect(await callWalled(number, [], "engine")).toBe(ENDED_BY_FILTER);
    expect(await callWalled(number, [], "program")).toBe(ENDED_BY_FILTER);
  });

  const of = (name: string) => numbers.get(name) ?? -1;
  const EPERM = 1;
  const ENOSYS = 38;
  const EAFNOSUPPORT = 97;
  test.each<[string, number, bigint[], WallCommand["profile"], number]>([
    ["a socket", of("socket"), [2n, 1n, 0n], "engine", EPERM],
    ["a socket of a virtual machine", of("socket"), [40n, 1n, 0n], "program", EAFNOSUPPORT],
    ["a socket of the kernel's ciphers", of("socket"), [38n, 5n, 0n], "program", EAFNOSUPPORT],
    ["a raw packet", of("socket"), [17n, 3n, 0n], "program", EAFNOSUPPORT],
    ["a netlink socket", of("socket"), [16n, 3n, 0n], "program", EAFNOSUPPORT],
    ["a process in new namespaces", of("clone"), [0x10000011n], "program", ENDED_BY_FILTER],
    ["a process in a new network", of("clone"), [0x40000011n], "program", ENDED_BY_FILTER],
    ["a process of an engine", of("clone"), [17n], "engine", EPERM],
    ["clone3, which no filter can look into", of("clone3"), [0n, 0n], "program", ENOSYS],
    ["a file in memory", of("memfd_create"), [0n, 0n], "program", ENOSYS],
    ["shared memory of System V", of("shmget"), [0n, 4096n, 0o1600n], "program", EPERM],
    ["a filter of its own", of("seccomp"), [1n, 0n, 0n], "program", EPERM],
    ["typing into somebody's terminal", of("ioctl"), [0n, 0x5412n, 0n], "program", ENDED_BY_FILTER],
    ["a call that nobody knows", 4000, [], "engine", ENOSYS],
  ])("%s is refused", async (_name, number, args, profile, expected) => {
    expect(await callWalled(number, args, profile)).toBe(expected);
  });

  test.runIf(process.arch === "x64")("other names for the same calls are fatal", async () => {
    // Bit 30: the x32 numbers. int 0x80: the calls of i386.
    expect(await callWalled(0x4000_0000 + of("getpid"))).toBe(ENDED_BY_FILTER);
    const i386 = [0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
    // A kernel without i386 raises SIGSEGV instead: 128 + 11.
    expect([ENDED_BY_FILTER, 139]).toContain(await runBytes(x64Program(i386), "program"));
  });

  test("an honest one works, or nothing of the above would prove anything", async () => {
    expect(await callWalled(of("getuid"))).not.toBe(ENDED_BY_FILTER);
    expect(await callWalled(of("umask"), [0n])).not.toBe(ENDED_BY_FILTER);
  });
});

const root = process.getuid?.() === 0;
if (here && !root)
  reportNotRun("bubblewrap as root without setpriv", "the tests do not run as root");

test.runIf(here && root)(
  "bubblewrap alone, started as root, is no wall: kernel settings can be opened for writing",
  () => {
    const script = `require("fs").closeSync(require("fs").openSync("/proc/sys/vm/swappiness", "r+")); console.log("open")`;
    const { stdout } = spawnSync(
      "/usr/bin/bwrap",
      [
        "--unshare-all",
        ...libraryFiles(process.execPath).flatMap((file) => ["--ro-bind", file, file]),
        "--ro-bind",
        process.execPath,
        "/node",
        "--proc",
        "/proc",
        "--",
        "/node",
        "-e",
        script,
      ],
      { encoding: "utf8", env: {} },
    );
    expect(stdout).toBe("open\n");
  },
);

test.runIf(here && root)(
  "behind the wall the same setting cannot be opened, with the same mount",
  async () => {
    const opened = attempts([`require("fs").openSync("/proc/sys/vm/swappiness", "r+")`]);
    expect(await askNodeWalled(opened, { ...PROGRAM, proc: true })).toEqual(["EACCES"]);
  },
);
