import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesWith } from "../support/processes-with.ts";
import { reportNotRun } from "../support/not-run.ts";
import { type ProgramFixture, startPrograms } from "../support/program-fixture.ts";

// Programs in Python that try to get out of the wall, to stay, to eat the machine, or to lie on the line. What each finds
// is what it returns as its outcome; the machine itself is looked at from outside.

const PYTHON = existsSync("/usr/bin/python3") ? realpathSync("/usr/bin/python3") : "";

let programs: ProgramFixture | null;
let folder: string;
beforeAll(async () => {
  programs = await startPrograms("attacks by programs of lane process");
  folder = await mkdtemp(path.join(tmpdir(), "bait-"));
  await writeFile(path.join(folder, "secret"), "bait", { mode: 0o666 });
});
afterAll(async () => {
  await programs?.house.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs an attack that ends with a list of what it reached. */
const reached = async (source: string, options: Parameters<ProgramFixture["run"]>[1] = {}) => {
  if (!programs) return [];
  const { text, code, reason } = await programs.run(
    `reached = []
def attempt(name, act):
    try:
        found = act()
        if found is not False:
            reached.append([name, str(found)[:100]])
    except BaseException:
        pass
${source}
end(reached)`,
    options,
  );
  if (text === undefined) throw new Error(`the attack ended with ${code}: ${reason}`);
  return JSON.parse(text) as unknown[];
};

describe("nothing is reached", () => {
  test("and what may be reached is found: the attacks below can see", async () => {
    expect(
      await reached(`attempt("code", lambda: os.stat(sys.argv[0]) and True)
attempt("null", lambda: open("/dev/null", "w") and True)
attempt("nothing", lambda: False)
attempt("error", lambda: open("/nothing"))`),
    ).toEqual([
      ["code", "True"],
      ["null", "True"],
    ]);
  });

  test("of the host's files, keys and packages", async () => {
    const files = [
      "/etc/passwd",
      "/etc/hostname",
      "/etc/resolv.conf",
      "/root",
      "/home",
      "/tmp/x",
      "/work",
      "/usr/bin/env",
      "/bin/sh",
      "/usr/lib/python3/dist-packages",
      "/proc/self/environ",
      "/proc/1/root/etc/passwd",
      "/sys/kernel",
      "/dev/mem",
      "/dev/shm",
      "/dev/tty",
      "/run",
      "/var",
      process.execPath,
      process.cwd(),
      folder,
      "/cryptlet/../../../etc/shadow",
    ];
    expect(
      await reached(`for name in ${JSON.stringify(files)}:
    attempt(name, lambda: os.stat(name) and name)
attempt("list", lambda: [n for n in os.listdir("/") if n not in ("lib", "lib64", "usr", "dev", "wall", "cryptlet", "etc")] or False)`),
    ).toEqual([]);
  });

  test("of the environment, the user, and the command line of the host", async () => {
    expect(
      await reached(`attempt("env", lambda: [n for n in os.environ if n not in ("PWD", "LC_CTYPE")] or False)
attempt("root", lambda: os.getuid() == 0 or os.geteuid() == 0)
attempt("setuid", lambda: os.setuid(0))
attempt("groups", lambda: [g for g in os.getgroups() if g != 65534] or False)
attempt("parent", lambda: open("/proc/%d/cmdline" % os.getppid()).read())`),
    ).toEqual([]);
  });

  test("of any place to write to", async () => {
    expect(
      await reached(`for place in ("/", "/tmp", "/cryptlet", "/usr", "/dev", "/wall", "/usr/lib/python3.11"):
    attempt(place, lambda: open(place + "/x", "w") and place)
    attempt(place, lambda: os.mkdir(place + "/y") or place)
attempt("own code", lambda: os.remove(sys.argv[0]) or True)
attempt("own code", lambda: os.chmod(sys.argv[0], 0o777) or True)
attempt("device", lambda: os.mknod("/dev/x", 0o60660, os.makedev(8, 0)) or True)`),
    ).toEqual([]);
  });

  test("of the network, with a server that listens on this machine", async () => {
    const server = createServer((socket) => socket.end("reached"));
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const found = await reached(`import socket
def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(0.5)
        s.connect(address)
        return address
attempt("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", ${port})))
attempt("loopback 6", lambda: connect(socket.AF_INET6, ("::1", ${port})))
attempt("world", lambda: connect(socket.AF_INET, ("1.1.1.1", 443)))
attempt("metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80)))
attempt("name", lambda: socket.getaddrinfo("example.com", 443))
for name in ("/run/systemd/private", "/var/run/docker.sock", "\\0/tmp/.X11-unix/X0"):
    attempt(name, lambda: connect(socket.AF_UNIX, name))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW, 0))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("netlink", lambda: socket.socket(16, socket.SOCK_RAW, 0))`);
    server.close();
    expect(found).toEqual([]);
  });

  test("of file descriptors that the host left open", async () => {
    expect(
      await reached(`for fd in range(3, 64):
    attempt(fd, lambda: os.fstat(fd) and fd)`),
    ).toEqual([]);
  });

  test("of more rights: kernel, namespaces, limits, keyrings", async () => {
    expect(
      await reached(`import resource
def raise_limit(name):
    resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for name in (resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
    attempt(name, lambda: raise_limit(name) or True)
attempt("nice", lambda: os.nice(-5) or True)
attempt("sysctl", lambda: open("/proc/sys/kernel/core_pattern", "w") and True)`),
    ).toEqual([]);
  });
});

/** What no program does by accident: whoever does is ended at once, as a crash. */
describe("ended at once is a program that", () => {
  test.each([
    ["changes its root", `os.chroot("/usr")`],
    ["names the machine", `__import__("socket").sethostname("x")`],
    ["sets the clock", `__import__("time").clock_settime(0, 0.0)`],
  ])("%s", async (_name, attack) => {
    if (!programs) return;
    expect(await programs.run(`${attack}\nend("survived")`)).toMatchObject({
      code: "GUEST_CRASHED",
      // SIGSYS, as a shell would say it.
      reason: expect.stringContaining("159") as string,
    });
  });

  const libffi = ["x86_64", "aarch64"]
    .map((machine) => `/usr/lib/${machine}-linux-gnu/libffi.so.8`)
    .find((file) => existsSync(file));
  // Names in the C library; ctypes calls them when it is given the library that it needs, which no Cryptlet is.
  test.each([
    ["traces", `ptrace(16, 1, 0, 0)`],
    ["mounts", `mount(b"none", b"/usr", b"tmpfs", 0, 0)`],
    ["leaves its namespace", `unshare(0x10000000)`],
    ["joins another namespace", `setns(0, 0)`],
    ["reads the memory of another", `process_vm_readv(1, 0, 0, 0, 0, 0)`],
    ["turns the machine off", `reboot(0x1234567)`],
    ["changes what it is taken for", `personality(0x0040000)`],
  ])("%s, with the means for any call of the C library", async (_name, call) => {
    if (!programs) return;
    if (libffi === undefined) {
      reportNotRun("system calls of programs", "libffi8 is missing");
      return;
    }
    const guest = programs.startWith([{ from: libffi }]);
    const source = `import ctypes
library = ctypes.CDLL(None)
library.${call}
end("survived")`;
    expect(await programs.run(source, { guest })).toMatchObject({
      code: "GUEST_CRASHED",
      reason: expect.stringContaining("159") as string,
    });
  });
});

describe("nothing stays", () => {
  test("of children, grandchildren and daemons, whether the run ends well or not", async () => {
    if (!programs) return;
    const mark = `orphan-${process.pid}`;
    const daemon = `import signal
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(0); os.close(1); os.close(2)
        os.execv("/usr/bin/python3.11", ["${mark}", "-I", "-S", "-c", "import time; time.sleep(600)"])
    os._exit(0)
import time
time.sleep(0.2)
`;
    const ends = [
      [`end("well")`, {}, "text"],
      [`say("garbage")`, {}, "code"],
      [`time.sleep(600)`, { timeoutMs: 1_000 }, "code"],
      [`os.kill(os.getpid(), 9)`, {}, "code"],
    ] as const;
    for (const [end, options, kind] of ends) {
      expect(
        await programs.run(daemon.replaceAll("/usr/bin/python3.11", PYTHON) + end, options),
      ).toHaveProperty(kind);
      expect(processesWith(mark)).toEqual([]);
    }
  });

  test("of a program that ignores every signal, when it is not wanted any more", async () => {
    if (!programs) return;
    const ignoring = `import signal
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
call({"op": "time.now"})
while True: pass`;
    expect(await programs.run(ignoring, { timeoutMs: 1_000 })).toMatchObject({
      code: "RUN_DEADLINE",
    });
    const guest = programs.house.start();
    const asked = programs.run(ignoring, {
      guest,
      answer: async () => {
        void guest.close();
        return `{"ok":1}`;
      },
    });
    expect(await asked).toHaveProperty("code");
    // The run is over as soon as nobody wants it; the kernel takes its time with the process.
    await expect.poll(() => processesWith("/cryptlet/bundle.py"), { timeout: 20_000 }).toEqual([]);
  });

  test("of a program that kills its way up: its parents are out of reach, or end with it", async () => {
    if (!programs) return;
    const ended = await programs.run(`import signal
for pid in (1, os.getppid(), 0, -1):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
end("alive")`);
    expect(ended.text ?? ended.code).toBeDefined();
    expect(await programs.run(`end("next")`)).toMatchObject({ text: `"next"` });
  });
});

describe("the machine is not eaten", () => {
  test("by a fork bomb, whose children the limit counts and the end takes along", async () => {
    if (!programs) return;
    const bomb = `forks = 0
try:
    while True:
        if os.fork() == 0:
            import time
            time.sleep(600)
        forks += 1
except OSError:
    pass
end(forks)`;
    const { text } = await programs.run(bomb);
    expect(Number(text)).toBeLessThan(8);
    const wild = await programs.run("while True: os.fork()", { timeoutMs: 1_000 });
    expect(wild).toHaveProperty("code");
    expect(processesWith("/cryptlet/bundle.py")).toEqual([]);
  });

  test("by threads, memory, mappings and files", async () => {
    if (!programs) return;
    const eaters = [
      `kept = []
while True: kept.append(bytearray(1 << 20))`,
      `import mmap
kept = []
while True: kept.append(mmap.mmap(-1, 1 << 24, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))`,
      `import threading, time
while True: threading.Thread(target=time.sleep, args=(600,)).start()`,
      `kept = []
while True: kept.append(os.open("/dev/null", 0))`,
      `x = "x" * (1 << 40)`,
      `x = 10 ** 10 ** 8`,
    ];
    for (const eater of eaters) {
      const ended = await programs.run(eater, { timeoutMs: 3_000 });
      expect(["GUEST_CRASHED", "RUN_DEADLINE"]).toContain(ended.code);
    }
  });

  test("by shared memory, which no limit of a process counts", async () => {
    expect(
      await reached(`import mmap
attempt("shared", lambda: mmap.mmap(-1, 1 << 30))
attempt("memfd", lambda: os.memfd_create("x"))`),
    ).toEqual([]);
  });

  test("by floods: on the line, on standard error, of calls", async () => {
    if (!programs) return;
    const before = process.memoryUsage().rss;
    const floods = [
      [`while True: os.write(1, b"x" * 65536)`, "GUEST_PROTOCOL"],
      [`while True: os.write(1, b"\\n" * 65536)`, "GUEST_PROTOCOL"],
      [`while True: os.write(2, b"x" * 65536)`, "RUN_DEADLINE"],
      [`while True: os.write(1, b'{"call":{"op":"time.now"}}\\n' * 1000)`, "GUEST_PROTOCOL"],
      [
        `end(1)
while True: os.write(1, b"x" * 65536)`,
        "GUEST_PROTOCOL",
      ],
    ] as const;
    for (const [flood, code] of floods)
      expect(await programs.run(flood, { timeoutMs: 1_500 })).toMatchObject({ code });
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  test("by a program that never reads: answers wait in a pipe, and the deadline comes", async () => {
    if (!programs) return;
    const large = JSON.stringify({ ok: "x".repeat(4_000_000) });
    const ended = await programs.run(
      `say('{"call":{"op":"time.now"}}')
import time
time.sleep(600)`,
      { timeoutMs: 700, answer: async () => large },
    );
    expect(ended).toMatchObject({ code: "RUN_DEADLINE" });
  });
});

test("a sibling cannot be seen, signalled or traced: each run has processes of its own only", async () => {
  if (!programs) return;
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => {
    release = () => resolve();
  });
  let started = () => undefined as void;
  const waiting = new Promise<void>((resolve) => {
    started = () => resolve();
  });
  const victim = programs.run(`call({"op": "time.now"}); end("unharmed")`, {
    answer: async () => {
      started();
      await held;
      return `{"ok":1}`;
    },
  });
  await waiting;
  const found = await reached(
    `attempt("siblings", lambda: [p for p in range(2, 70000) if p not in (os.getpid(), os.getppid()) and seen(p)] or False)`
      .replace("seen(p)", "not isinstance(probe(p), OSError)")
      .replace(
        /^/,
        `def probe(p):
    try: return os.kill(p, 0)
    except OSError as error: return error
`,
      ),
  );
  release();
  expect(found).toEqual([]);
  expect(await victim).toMatchObject({ text: `"unharmed"` });
});
