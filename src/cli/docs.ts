import { COMMAND_GROUPS, flagOf, type CommandRecord, type OptionRecord } from "./command.ts";
import { commands as allCommands } from "./commands.ts";
import { APPRAISAL_EXAMPLE } from "./appraisal-example.ts";
import { TRUST_EXAMPLE } from "./trust-example.ts";
import { EXIT_CODES, GLOBAL_FLAGS } from "./help.ts";

/** Bars would end a cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${headings.join(" | ")} |`,
  `| ${headings.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
];

const optionRow = ([name, option]: readonly [string, OptionRecord]): string[] => {
  const flag = option.kind === "flag" ? flagOf(name) : `${flagOf(name)} <${option.value}>`;
  const choices = option.kind === "choice" ? `; one of ${option.choices.join(", ")}` : "";
  const must = "required" in option ? "; required" : "";
  const standard = "default" in option ? `; default ${String(option.default)}` : "";
  return [`\`${flag}\``, option.help + choices + must + standard];
};

const usage = (command: CommandRecord): string => {
  const words = command.arguments.map(({ name, optional, rest }) => {
    const word = rest ? `${name}...` : name;
    return optional ? `[${word}]` : `<${word}>`;
  });
  const options = Object.keys(command.options).length === 0 ? [] : ["[options]"];
  return ["cryptlet", command.name, ...words, ...options].join(" ");
};

const section = (command: CommandRecord): string[] => {
  const rows = [
    ...command.arguments.map(({ name, help }) => [`\`${name}\``, help]),
    ...Object.entries(command.options).map(optionRow),
  ];
  const exits = Object.entries(command.exits).map(([code, when]) => `${code} ${when}`);
  return [
    `### \`${usage(command)}\``,
    "",
    `${command.summary}. ${command.description}`,
    "",
    ...(rows.length === 0 ? [] : [...table(["argument or option", "meaning"], rows), ""]),
    ...command.examples.flatMap(({ command: line, says }) => [`\`${line}\`: ${says}`, ""]),
    ...(exits.length === 0 ? [] : [`Exit codes besides 0, 1, 2 and 130: ${exits.join("; ")}.`, ""]),
  ];
};

/** The text of docs/cli.md, from the records that also feed parser and help. */
export const printCliDocs = (commands: readonly CommandRecord[] = allCommands): string => {
  const sections: string[] = [];
  for (const group of COMMAND_GROUPS) {
    const members = commands.filter((command) => command.group === group);
    if (members.length > 0) sections.push(`## ${group}`, "", members.flatMap(section).join("\n"));
  }
  return [
    "# Command line",
    "",
    "Printed from `src/cli/commands/` by `npm run docs`; change it there.",
    "",
    "Standard output carries the result, standard error everything else. With `--json` a command prints one document,",
    '`{ "ok": true, "data": … }` or `{ "ok": false, "error": { "code", "message", "hint" } }`; where a failed command',
    "still found something out (a stale value, the report of a refused envelope), `data` stands beside `error`.",
    "Commands that follow print one JSON object per line. Nothing is ever asked without a terminal.",
    "The bearer token of an API that asks for one is read from `CRYPTLET_API_TOKEN`.",
    "",
    "## Options of every command",
    "",
    ...table(
      ["option", "meaning"],
      GLOBAL_FLAGS.map(([flag, help]) => [`\`${flag}\``, help]),
    ),
    "",
    "## Exit codes",
    "",
    ...table(["code", "meaning"], EXIT_CODES),
    "",
    ...sections,
    "## Trust file",
    "",
    "What `cryptlet envelope verify --trust` reads. `policy` says whose envelopes are believed: keys by name, or, under",
    "`attested`, keys that accepted evidence binds to a measurement. `appraisal` says which evidence is accepted; `null`",
    "judges none. The vendors' roots are anchors always; `insecureSimulatedRoots` adds the roots of simulators, for",
    "development only. Default deny: an unknown field is an error. `cryptlet demo --keep` writes a whole one.",
    "",
    "```json",
    JSON.stringify(TRUST_EXAMPLE, null, 2),
    "```",
    "",
    "## Appraisal policy and collateral",
    "",
    "What `cryptlet enclave appraise --policy` reads, and `appraisal` of a trust file. `id`, `tees` and `anyOf` must stand",
    "there; everything else is strict where it is left out. `measurements` lists measurements, of which one must be the",
    "evidence's, or maps registers to values, which all must hold; all zeros match nothing. Of evidence in two layers the",
    "host's measurement must be listed as well, and of other kinds than SGX that of the image. `tcb.sevSnp` is for AMD's",
    "platforms, the rest of `tcb` for Intel's.",
    "",
    "```json",
    JSON.stringify(APPRAISAL_EXAMPLE, null, 2),
    "```",
    "",
    "`--collateral` takes what Intel's PCS answered, as other tools hand it on (`tcb_info`, `tcb_info_signature`,",
    "`tcb_info_issuer_chain`, the same of `qe_identity`, `pck_crl`, `pck_crl_issuer_chain`, `root_ca_crl`), or for SEV-SNP",
    '`{ "certificates": […], "crls": […] }`: VCEK or VLEK with its ASK or ASVK, and the root\'s list, each as PEM, base64',
    "or hex of DER. Nitro needs none.",
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
};
