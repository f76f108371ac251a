import { constants } from "node:os";
import type { WallCommand } from "./wall-process.ts";

/** What the filter does with a system call. */
export type CallAction = "allow" | "kill" | { readonly errno: number };

/** An argument that decides: its low 32 bits, masked, are compared with each value in turn. */
export interface ArgumentCheck {
  readonly argument: 0 | 1 | 2 | 3 | 4 | 5;
  readonly mask: number;
  readonly values: readonly number[];
  readonly equal: CallAction;
  readonly otherwise: CallAction;
}
export type CallRule = CallAction | ArgumentCheck;

const { EPERM, ENOSYS, EAFNOSUPPORT } = constants.errno;
/** Refused, and whoever asks may go on. */
const REFUSED: CallAction = { errno: EPERM };
/** As if the kernel did not have it: libraries then take their other way. */
const UNKNOWN: CallAction = { errno: ENOSYS };

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Nobody needs these by accident: who calls one attacks the machine, and is ended at once. */
const DEADLY = names(`
  ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd mount umount2 pivot_root chroot
  move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr open_by_handle_at name_to_handle_at bpf
  perf_event_open keyctl add_key request_key userfaultfd io_uring_setup io_uring_enter io_uring_register unshare
  setns kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff settimeofday
  clock_settime clock_adjtime adjtimex sethostname setdomainname acct quotactl quotactl_fd nfsservctl iopl ioperm
  modify_ldt syslog lookup_dcookie vhangup fanotify_init fanotify_mark uselib _sysctl personality vmsplice`);

/**
 * What Node needs with threads, timers and wasm: measured with strace on Node 20 and Debian 12, and what its runtime
 * library may take instead on newer ones. No file can be made, no socket, no process.
 */
const ENGINE = names(`
  read write readv writev pread64 lseek close close_range openat open access faccessat faccessat2 readlink
  readlinkat stat lstat fstat newfstatat statx getdents64 getcwd fcntl dup dup2 dup3 poll ppoll select pselect6
  epoll_create1 epoll_create epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 pipe2 mprotect munmap mremap
  madvise brk pkey_alloc pkey_free pkey_mprotect membarrier futex futex_waitv set_robust_list get_robust_list rseq
  set_tid_address exit exit_group sched_yield sched_getaffinity sched_getparam sched_getscheduler
  sched_get_priority_max sched_get_priority_min getpriority setpriority rt_sigaction rt_sigprocmask rt_sigreturn
  rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack restart_syscall tgkill gettid getpid getppid getuid
  geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid capget clock_gettime clock_getres
  clock_nanosleep nanosleep gettimeofday time times getrusage getrlimit setrlimit prlimit64 sysinfo uname umask
  getrandom prctl arch_prctl execve getcpu timer_create timer_settime timer_delete timerfd_create timerfd_settime
  getsockname getpeername getsockopt shutdown sendto recvfrom statfs fstatfs`);

/** What other languages' runtimes need as well: processes and files of their own, sockets inside an empty network. */
const PROGRAM = names(`
  fork vfork wait4 waitid kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pipe socketpair bind listen accept accept4
  connect setsockopt sendmsg recvmsg sendmmsg recvmmsg pwrite64 preadv pwritev preadv2 pwritev2 chdir fchdir mkdir
  mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod fchmod fchmodat
  utimensat utime utimes futimesat truncate ftruncate fallocate fsync fdatasync flock sendfile copy_file_range
  readahead fadvise64 msync mincore mlock munlock getdents setpgid setsid setitimer getitimer alarm pause
  inotify_init1 inotify_add_watch inotify_rm_watch signalfd4 timerfd_gettime timer_gettime timer_getoverrun
  sched_setaffinity sched_setscheduler sched_setparam eventfd pidfd_open pidfd_send_signal creat mknod dup`);

/** Every namespace (linux/sched.h): a new one has new privileges. CLONE_NEWTIME is for clone3 and unshare only. */
const NEW_NAMESPACES = 0x7e020000;
const CLONE_THREAD = 0x0001_0000;
/** MAP_SHARED and MAP_ANONYMOUS together: memory that no limit counts. */
const SHARED_ANONYMOUS = 0x21;
/** TIOCSTI, TIOCLINUX, TIOCSETD: input into a terminal that is not the guest's. */
const TERMINAL_TRICKS = [0x5412, 0x541c, 0x5423];
/** AF_UNIX, AF_INET, AF_INET6; AF_VSOCK and others do not end at the wall's network. */
const FAMILIES = [1, 2, 10];
/** All bits of a 32-bit number. */
const WHOLE = 0xffff_ffff;

const common: Readonly<Record<string, CallRule>> = {
  // Its flags lie in memory, where a filter cannot look: the library falls back to clone.
  clone3: UNKNOWN,
  memfd_create: UNKNOWN,
  memfd_secret: UNKNOWN,
  shmget: REFUSED,
  execveat: REFUSED,
  seccomp: REFUSED,
  mmap: {
    argument: 3,
    mask: SHARED_ANONYMOUS,
    values: [SHARED_ANONYMOUS],
    equal: REFUSED,
    otherwise: "allow",
  },
  ioctl: { argument: 1, mask: WHOLE, values: TERMINAL_TRICKS, equal: "kill", otherwise: "allow" },
};

const byProfile: Readonly<Record<WallCommand["profile"], Readonly<Record<string, CallRule>>>> = {
  engine: {
    ...Object.fromEntries(ENGINE.map((name) => [name, "allow"])),
    // bwrap's own first process waits for Node.
    wait4: "allow",
    clone: {
      argument: 0,
      mask: CLONE_THREAD,
      values: [CLONE_THREAD],
      equal: "allow",
      otherwise: REFUSED,
    },
    socket: REFUSED,
    socketpair: REFUSED,
    connect: REFUSED,
    bind: REFUSED,
    kill: REFUSED,
    fork: REFUSED,
    vfork: REFUSED,
  },
  program: {
    ...Object.fromEntries([...ENGINE, ...PROGRAM].map((name) => [name, "allow"])),
    clone: { argument: 0, mask: NEW_NAMESPACES, values: [0], equal: "allow", otherwise: "kill" },
    socket: {
      argument: 0,
      mask: WHOLE,
      values: FAMILIES,
      equal: "allow",
      otherwise: { errno: EAFNOSUPPORT },
    },
  },
};

/** Every system call that has a rule; all others are unknown to the guest (`UNKNOWN`). */
export const callRules = (profile: WallCommand["profile"]): ReadonlyMap<string, CallRule> =>
  new Map<string, CallRule>([
    ...DEADLY.map((name): [string, CallRule] => [name, "kill"]),
    ...Object.entries(common),
    ...Object.entries(byProfile[profile]),
  ]);

/** What happens to a call without a rule. */
export const DEFAULT_ACTION: CallAction = UNKNOWN;
