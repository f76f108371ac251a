import { readdirSync, watch, writeFileSync, existsSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";

/** What answers 64 bytes of report data. */
export type Quoting = (reportData: Uint8Array) => Uint8Array;

const REPORT_DATA_BYTES = 64;

/** Bytes appear whole or not at all, as a kernel hands them out. */
const putWhole = (file: string, bytes: Uint8Array | string): void => {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
};

/**
 * A plain folder in the place of /sys/kernel/config/tsm/report: whoever makes an entry finds the attributes that Linux
 * puts there (Documentation/ABI/testing/configfs-tsm-report), and a report behind what it writes. A fault spoils it.
 */
export const simulateConfigfsTsm = (
  directory: string,
  options: {
    readonly provider: string;
    readonly answer: Quoting;
    readonly auxblob?: Uint8Array;
    /** Writes of somebody else before the answer. */
    readonly foreignWrites?: number;
  },
): (() => void) => {
  const open = new Map<string, () => void>();
  const serve = (name: string): void => {
    const entry = path.join(directory, name);
    const file = (attribute: string) => path.join(entry, attribute);
    const respond = (): void => {
      if (!existsSync(file("inblob"))) return;
      const reportData = new Uint8Array(readFileSync(file("inblob")));
      if (reportData.length !== REPORT_DATA_BYTES) return;
      putWhole(file("outblob"), options.answer(reportData));
      putWhole(file("generation"), `${1 + (options.foreignWrites ?? 0)}\n`);
    };
    writeFileSync(file("inblob"), "");
    const watcher = watch(file("inblob"), respond);
    open.set(name, () => watcher.close());
    if (options.auxblob) writeFileSync(file("auxblob"), options.auxblob);
    writeFileSync(file("generation"), "0\n");
    putWhole(file("provider"), `${options.provider}\n`);
  };
  const watcher = watch(directory, () => {
    for (const name of readdirSync(directory)) if (!open.has(name)) serve(name);
  });
  return () => {
    watcher.close();
    for (const close of open.values()) close();
  };
};

/** A plain folder in the place of Gramine's /dev/attestation. */
export const simulateGramine = (
  directory: string,
  answer: Quoting,
  type = "dcap",
): (() => void) => {
  const file = (name: string) => path.join(directory, name);
  writeFileSync(file("attestation_type"), type);
  writeFileSync(file("user_report_data"), new Uint8Array(REPORT_DATA_BYTES));
  putWhole(file("quote"), answer(new Uint8Array(REPORT_DATA_BYTES)));
  const watcher = watch(file("user_report_data"), () => {
    const reportData = new Uint8Array(readFileSync(file("user_report_data")));
    if (reportData.length === REPORT_DATA_BYTES) putWhole(file("quote"), answer(reportData));
  });
  return () => watcher.close();
};
