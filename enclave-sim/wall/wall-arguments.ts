import type { WallCommand, WallMount } from "./wall-process.ts";
import type { WallTools } from "./wall-tools.ts";

/** Where the limits are set inside; a name that no mount of a guest has. */
const PRLIMIT_INSIDE = "/wall/prlimit";
/** User and group `nobody` (Debian policy, section 9.2): owns no file. */
const NOBODY = "65534";
/** File descriptor of bwrap that the filter is read from. */
export const FILTER_FD = 3;
/** File descriptor of bwrap that it tells its first process inside on. */
export const INFO_FD = 4;

/** Everything that decides the command line besides the command itself. */
export interface WallGround {
  readonly tools: WallTools;
  /** Libraries of prlimit, by absolute path. */
  readonly libraries: readonly string[];
  /** Started by root: must become nobody before bwrap, which otherwise maps the real root into the wall. */
  readonly root: boolean;
}

const covers = (mount: WallMount, file: string): boolean => {
  const inside = mount.to ?? mount.from;
  return file === inside || file.startsWith(`${inside.replace(/\/$/, "")}/`);
};

const readOnly = (mount: WallMount) => ["--ro-bind", mount.from, mount.to ?? mount.from];

/**
 * The command line that puts a command behind the wall: setpriv (never root, no new privileges, ends with its parent),
 * bwrap (namespaces, mounts, filter), prlimit (limits, counted inside the wall's own user namespace), command.
 */
export const wallArguments = (
  command: WallCommand,
  { tools, libraries, root }: WallGround,
): readonly [string, ...string[]] => {
  const { limits, mounts, environment = {}, directory = "/" } = command;
  const own: readonly WallMount[] = [
    { from: tools.prlimit, to: PRLIMIT_INSIDE },
    ...libraries
      .filter((file) => !mounts.some((mount) => covers(mount, file)))
      .map((file) => ({ from: file })),
  ];
  return [
    tools.setpriv,
    ...(root ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : []),
    ...(root ? ["--bounding-set=-all"] : []),
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--no-new-privs",
    "--pdeathsig",
    "KILL",
    "--",
    tools.bwrap,
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--hostname",
    "wall",
    "--seccomp",
    String(FILTER_FD),
    "--info-fd",
    String(INFO_FD),
    ...mounts.flatMap(readOnly),
    ...own.flatMap(readOnly),
    "--dev-bind",
    "/dev/null",
    "/dev/null",
    "--dev-bind",
    "/dev/urandom",
    "/dev/urandom",
    ...(command.proc === true ? ["--proc", "/proc"] : []),
    ...(limits.temporaryBytes > 0
      ? ["--perms", "0700", "--size", String(limits.temporaryBytes), "--tmpfs", "/tmp"]
      : []),
    // bwrap's own root is a tmpfs without a bound.
    "--remount-ro",
    "/",
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    "--chdir",
    directory,
    "--",
    PRLIMIT_INSIDE,
    `--data=${limits.memoryBytes}`,
    `--nproc=${limits.processes}`,
    `--nofile=${limits.files}`,
    "--core=0",
    "--memlock=0",
    "--msgqueue=0",
    "--rtprio=0",
    "--",
    ...command.command,
  ];
};
