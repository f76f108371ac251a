import type { Failure, Output } from "./output.ts";

/** Headings of the command list, in the order in which a newcomer meets them. */
export const COMMAND_GROUPS = ["Develop", "Publish", "Use", "Trust", "Operate"] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** A word after the command's name. */
export interface ArgumentRecord {
  readonly name: string;
  readonly help: string;
  /** True when it may be left out. */
  readonly optional?: true;
  /** True for the last one, where it takes every word that follows, with a space between two. */
  readonly rest?: true;
}

interface OptionBase {
  readonly help: string;
  /** What stands for the value in help, in capitals. */
  readonly value: string;
}

/** One flag of a command; its key in camel case is the flag in kebab case. */
export type OptionRecord =
  | { readonly kind: "flag"; readonly help: string }
  | (OptionBase & { readonly kind: "text"; readonly default?: string; readonly required?: true })
  | (OptionBase & { readonly kind: "list" })
  | (OptionBase & {
      readonly kind: "integer";
      readonly minimum: number;
      readonly maximum: number;
      readonly default?: number;
      readonly required?: true;
    })
  | (OptionBase & {
      readonly kind: "choice";
      readonly choices: readonly string[];
      readonly default?: string;
    })
  | (OptionBase & { readonly kind: "time" });

type Always = { readonly default: unknown } | { readonly required: true };

/** What `run` receives for an option. `time` is ms since epoch. */
export type OptionValue<Option extends OptionRecord> = Option extends { kind: "flag" }
  ? boolean
  : Option extends { kind: "list" }
    ? readonly string[]
    : Option extends { kind: "integer" | "time" }
      ? number | (Option extends Always ? never : undefined)
      : Option extends { kind: "choice"; choices: readonly (infer Choice)[] }
        ? Choice | (Option extends Always ? never : undefined)
        : string | (Option extends Always ? never : undefined);

/** Flags that every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  /** Path of the configuration file. */
  readonly config: string | undefined;
  /** Where the fabric's API is. */
  readonly url: string;
  /** Its bearer token; from CRYPTLET_API_TOKEN alone, because flags show in the list of processes. */
  readonly token: string | null;
}

/** What a command is run with. */
export interface CommandInput<Arguments, Options> {
  readonly args: Arguments;
  readonly options: Options;
  readonly global: GlobalOptions;
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on SIGINT, SIGTERM and when nobody reads standard output any more. */
  readonly signal: AbortSignal;
}

/** What a command hands back: one document for `--json`, one text for people. */
export interface CommandResult {
  readonly data: unknown;
  readonly text: string;
  /** When the answer stands but the command failed (stale value, refused envelope): decides the exit code. */
  readonly failure?: Failure;
}

/** The one description of a command: feeds parser, help, docs/cli.md and completion. */
export interface CommandRecord {
  /** Words after `cryptlet`, for example `feed get`. */
  readonly name: string;
  readonly group: CommandGroup;
  /** One line without a full stop. */
  readonly summary: string;
  /** Sentences for `--help` and the docs. */
  readonly description: string;
  readonly arguments: readonly ArgumentRecord[];
  readonly options: Readonly<Record<string, OptionRecord>>;
  readonly examples: readonly { readonly command: string; readonly says: string }[];
  /** Codes other than 0, 1, 2 and 130 that it ends with, and when. */
  readonly exits: Readonly<Record<number, string>>;
  /** True for a server: SIGTERM drains it and it ends with 0. */
  readonly service: boolean;
  /** Implementations load what they need themselves, so that help stays quick. Nothing returned: all was printed. */
  readonly run: (
    input: CommandInput<
      Readonly<Record<string, string | undefined>>,
      Readonly<Record<string, unknown>>
    >,
  ) => Promise<CommandResult | undefined>;
}

type ArgumentValues<Arguments extends readonly ArgumentRecord[]> = {
  readonly [Row in Arguments[number] as Row["name"]]: Row extends { optional: true }
    ? string | undefined
    : string;
};
type OptionValues<Options extends Readonly<Record<string, OptionRecord>>> = {
  readonly [Name in keyof Options]: OptionValue<Options[Name]>;
};

/** A command as its file writes it. */
export interface CommandDefinition<
  Arguments extends readonly ArgumentRecord[],
  Options extends Readonly<Record<string, OptionRecord>>,
> extends Omit<CommandRecord, "arguments" | "options" | "exits" | "service" | "run"> {
  readonly arguments?: Arguments;
  readonly options?: Options;
  readonly exits?: CommandRecord["exits"];
  readonly service?: true;
  readonly run: (
    input: CommandInput<ArgumentValues<Arguments>, OptionValues<Options>>,
  ) => Promise<CommandResult | undefined>;
}

/**
 * Declare a command; `run` sees its arguments and options by type.
 * @example
 * ```ts
 * export const hello = defineCommand({
 *   name: "hello", group: "Use", summary: "Greet", description: "Greets.", examples: [],
 *   arguments: [{ name: "who", help: "Name." }],
 *   run: async ({ args }) => ({ data: { who: args.who }, text: `Hello ${args.who}` }),
 * });
 * ```
 */
export const defineCommand = <
  const Arguments extends readonly ArgumentRecord[] = [],
  const Options extends Readonly<Record<string, OptionRecord>> = Readonly<Record<string, never>>,
>(
  definition: CommandDefinition<Arguments, Options>,
): CommandRecord => ({
  ...definition,
  arguments: definition.arguments ?? [],
  options: definition.options ?? {},
  exits: definition.exits ?? {},
  service: definition.service ?? false,
  // The parser made the values from these same records.
  run: definition.run as CommandRecord["run"],
});

/** `caFile` -> `--ca-file`. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
