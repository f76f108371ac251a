import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { ungranted } from "./capability-list.ts";
import type { PackageStatement } from "./package-statement.ts";

/** Whose releases of which names a host runs, and what it lets them touch. */
export interface AcceptRule {
  /** A name, or the beginning of one and `*`. */
  readonly names: string;
  /** Publisher's id: keyid of its first key. */
  readonly publisher: Digest;
  /** The only code that may run; null: any that this publisher signed. */
  readonly measurements: readonly Digest[] | null;
  /** Least security version in SIGSTRUCT; 0 also takes packages without one. */
  readonly minimumSvn: number;
  /** What they may touch, in the words of `capabilitiesOf`. */
  readonly capabilities: readonly string[];
}

/** What is judged of a release whose statement was verified. */
export interface ReleaseClaim {
  readonly statement: PackageStatement;
  readonly publisher: Digest;
}

/** `gold-*` covers `gold-price`; without a star the name alone. */
export const nameCovers = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

const faultOf = (rule: AcceptRule, { statement }: ReleaseClaim): string | null => {
  const { measurement, signer, capabilities } = statement;
  if (rule.measurements && !rule.measurements.includes(measurement))
    return `its measurement ${measurement} is not among those that are accepted`;
  if (rule.minimumSvn > 0 && (signer?.svn ?? 0) < rule.minimumSvn)
    return `its security version is ${signer?.svn ?? "not signed"}, at least ${rule.minimumSvn} is accepted`;
  const more = ungranted(capabilities, rule.capabilities);
  return more.length === 0
    ? null
    : `it may touch what is not approved; to approve, add to capabilities:\n${more.map((line) => JSON.stringify(line)).join(",\n")}`;
};

/**
 * Whether a host runs a release: default is no. One rule must accept it whole.
 * Throws `RELEASE_NOT_ACCEPTED` with the reason of the rule that came nearest.
 */
export const judgeRelease = (claim: ReleaseClaim, rules: readonly AcceptRule[]): void => {
  const { name, version } = claim.statement;
  const refuse = (reason: string) =>
    fabricError("RELEASE_NOT_ACCEPTED", { release: `${name}@${version}`, reason });
  const named = rules.filter((rule) => nameCovers(rule.names, name));
  if (named.length === 0) throw refuse("no rule of packages.accept covers its name");
  const own = named.filter(({ publisher }) => publisher === claim.publisher);
  if (own.length === 0) throw refuse(`no rule accepts its publisher ${claim.publisher}`);
  const faults = own.map((rule) => faultOf(rule, claim));
  if (faults.includes(null)) return;
  throw refuse(faults[0] ?? "");
};
