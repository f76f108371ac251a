import { defineCommand } from "../command.ts";

export const completion = defineCommand({
  name: "completion",
  group: "Operate",
  summary: "Print what lets a shell complete commands, flags and their values",
  description:
    "Prints a script for bash, zsh or fish that completes every command with its verbs, flags, choices and files. It is " +
    "made from the same records as help, and asks nothing while you type. In ~/.bashrc or ~/.zshrc: source <(cryptlet " +
    "completion bash); for fish write it once into ~/.config/fish/completions/cryptlet.fish.",
  arguments: [{ name: "shell", help: "bash, zsh or fish." }],
  examples: [
    {
      command: "source <(cryptlet completion bash)",
      says: "For this shell; the same line in ~/.bashrc for all.",
    },
    {
      command: "cryptlet completion fish > ~/.config/fish/completions/cryptlet.fish",
      says: "Once; again after an update.",
    },
  ],
  run: async ({ args, output }) => {
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const { printCompletion, COMPLETION_SHELLS } =
      await import("../completion/print-completion.ts");
    const { commands } = await import("../commands.ts");
    const shell = COMPLETION_SHELLS.find((name) => name === args.shell);
    if (shell === undefined)
      throw fabricError("USAGE_INVALID", {
        fault: `the shell is one of ${COMPLETION_SHELLS.join(", ")}, not ${args.shell.slice(0, 40)}`,
      });
    const script = printCompletion(shell, commands);
    return { data: { shell, script }, text: output.json ? "" : script.trimEnd() };
  },
});
