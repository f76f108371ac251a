import { defineCommand } from "../command.ts";

export const test = defineCommand({
  name: "test",
  group: "Develop",
  summary: "Run the tests of a Cryptlet on recorded answers, without network",
  description:
    "Runs the tests of a folder with the vitest that its package.json names. A folder without a vitest.config or " +
    "vite.config gets one that finds *.test.ts and *.test.js and refuses the network: a test that opens a connection " +
    "fails with TEST_NETWORK_REFUSED, also when it swallows the refusal. A process that a test starts is not held to " +
    'it. A configuration of your own has the same with setupFiles: ["cryptlet-fabric/test-kit/offline"].',
  arguments: [
    { name: "folder", help: "Folder of the package; default: this one.", optional: true },
  ],
  options: {
    watch: { kind: "flag", help: "run again when a file changes" },
    name: { kind: "text", value: "TEXT", help: "only tests whose name holds this" },
    file: { kind: "list", value: "TEXT", help: "only files whose path holds this; repeatable" },
  },
  examples: [
    { command: "cryptlet test", says: "Everything in this folder." },
    {
      command: 'cryptlet test power-price --name "below zero"',
      says: "Those tests of another folder.",
    },
  ],
  exits: { 5: "vitest is not installed in the folder" },
  run: async ({ args, options, output, signal }) => {
    const { readdirSync } = await import("node:fs");
    const { runVitest } = await import("../package-tests/run-vitest.ts");
    const { firstFailure } = await import("../package-tests/test-report.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const { fileFault } = await import("../../core/errors/file-fault.ts");
    const folder = args.folder ?? ".";
    let names: readonly string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      throw fabricError(
        "FILE_UNREADABLE",
        { file: folder, reason: fileFault(error) },
        { cause: error },
      );
    }
    type Report = Parameters<Parameters<typeof runVitest>[0]["onReport"]>[0];
    const reports: Report[] = [];
    const summary = ({ tests, passed, failed, skipped }: Report): string =>
      `${passed} of ${tests} tests passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
    await runVitest(
      {
        folder,
        named: options.name,
        files: options.file,
        watch: options.watch,
        silent: output.json,
        signal,
        onReport: (report) => {
          reports.push(report);
          if (options.watch && output.json) output.event(report, summary(report));
        },
      },
      names,
    );
    if (options.watch) return undefined;
    signal.throwIfAborted();
    const report = reports.at(-1);
    if (!report || report.files.length === 0) throw fabricError("TESTS_MISSING", { folder });
    const first = firstFailure(report);
    return {
      data: report,
      text: summary(report),
      ...(first === null
        ? {}
        : {
            failure: fabricError("TESTS_FAILED", {
              failed: report.failed,
              tests: report.tests,
              first,
            }),
          }),
    };
  },
});
