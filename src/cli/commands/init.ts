import { defineCommand } from "../command.ts";
import { TEMPLATE_LANGUAGES, TEMPLATE_NAMES } from "../init/project-choices.ts";

export const init = defineCommand({
  name: "init",
  group: "Develop",
  summary: "Begin a Cryptlet: a small package that passes its own test",
  description:
    "Makes a folder with a manifest, a source, recorded answers, a test and a README, from one of four templates: feed " +
    "(a decimal feed of two public sources), record (named fields of one record, read with a secret), contract (what a " +
    "contract should do, by its own state on a chain) and action (something done outside, once). The folder must not " +
    "exist, and is whole or not there. Its package.json names this release of cryptlet-fabric, or the file or folder " +
    "that it was installed from where that is no registry. On a terminal what is missing is asked for; without one " +
    "nothing is ever asked.",
  arguments: [{ name: "name", help: "Name of the package and of its folder.", optional: true }],
  options: {
    template: {
      kind: "choice",
      value: "NAME",
      choices: TEMPLATE_NAMES,
      help: "what to begin with; asked for on a terminal",
    },
    lang: {
      kind: "choice",
      value: "LANGUAGE",
      choices: TEMPLATE_LANGUAGES,
      default: "ts",
      help: "language of source and test",
    },
    in: { kind: "text", value: "FOLDER", default: ".", help: "where to make the folder" },
  },
  examples: [
    {
      command: "cryptlet init power-price --template feed",
      says: "TypeScript; then cd power-price, npm install, npm test.",
    },
    {
      command: "cryptlet init refunds --template action --lang js",
      says: "The same in JavaScript, with nothing to compile.",
    },
  ],
  run: async ({ args, options, output, global, signal }) => {
    const { createProject, checkProjectName } = await import("../init/create-project.ts");
    const { askForProject } = await import("../init/ask-for-project.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const path = await import("node:path");
    const asks = process.stdin.isTTY && process.stderr.isTTY && !global.json;
    const missing = (flag: string) => fabricError("FLAG_MISSING", { flag });
    // Before anything is asked: an answer to a question that comes to nothing is wasted.
    if (args.name !== undefined) checkProjectName(args.name);
    if (!asks && args.name === undefined) throw missing("the name of the package");
    if (!asks && options.template === undefined)
      throw missing(`--template (${TEMPLATE_NAMES.join(", ")})`);
    const terminal = { input: process.stdin, output: process.stderr };
    const { name, template } =
      args.name === undefined || options.template === undefined
        ? await askForProject({ name: args.name, template: options.template }, terminal, signal)
        : { name: args.name, template: options.template };
    const { folder, files, fabric } = await createProject({
      name,
      template,
      language: options.lang ?? "ts",
      parent: options.in,
      signal,
    });
    const shown = path.relative("", folder) || folder;
    return {
      data: { name, template, lang: options.lang, folder, files, fabric },
      text: [
        `${output.style.bold(shown)}  ${template} in ${options.lang === "js" ? "JavaScript" : "TypeScript"}, ${files.length} files`,
        ...files.map((file) => `  ${file}`),
        "",
        `cd ${shown}`,
        "npm install",
        "npm test",
      ].join("\n"),
    };
  },
});
