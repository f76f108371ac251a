// Puts the optional packages of other platforms into package-lock.json where npm left them out: it does so when the
// registry at hand does not serve them (npm/cli#4828 and its kin), and `npm ci` then refuses the file everywhere.
// `--check` changes nothing and fails when something is missing. Run it after every `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));

const OS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const CPU = [
  "arm64",
  "arm",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** What the name of a platform package says: `@scope/name-linux-x64-musl`. */
const platformOf = (name) => {
  const words = name.replace("amd64", "x64").split(/[-/]/);
  const os = OS.find((word) => words.includes(word));
  const cpu = CPU.find((word) => words.includes(word));
  const libc = words.map((word) => LIBC[word]).find((word) => word !== undefined);
  return {
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os === "linux" && libc ? { libc: [libc] } : {}),
    ...(os ? { os: [os] } : {}),
  };
};

/** Where npm would find `name` from the package at `from`, or where it belongs when it is nowhere. */
const placeOf = (from, name) => {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const place = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock.packages[place]) return place;
    if (at === "") return place;
    if (!at.includes("/node_modules/")) at = "";
  }
};

const missing = [];
for (const [from, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(range)) continue;
    const found = placeOf(from, name);
    if (lock.packages[found]?.version === range) continue;
    // Another version there belongs to another package: this one's stands below it.
    const place = lock.packages[found] ? `${from}/node_modules/${name}` : found;
    const { os, cpu } = platformOf(name);
    // Without a platform in its name it is no platform package, and a guess could install it everywhere.
    if (!os && !cpu) continue;
    missing.push(`${name}@${range}`);
    lock.packages[place] = {
      version: range,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    };
  }
}

if (missing.length === 0) process.exit(0);
if (process.argv.includes("--check")) {
  console.error(
    `package-lock.json misses ${missing.length} optional packages, for example ${missing[0]}.`,
  );
  console.error("Run: node scripts/complete-lock.mjs");
  process.exit(1);
}
const [root, ...others] = Object.keys(lock.packages);
const packages = Object.fromEntries(
  [root, ...others.toSorted((a, b) => a.localeCompare(b, "en"))].map((key) => [
    key,
    lock.packages[key],
  ]),
);
writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.error(`added ${missing.length} packages of other platforms to package-lock.json`);
