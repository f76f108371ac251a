import type { SearchAnswer } from "../../registry/http/registry-answers.ts";
import { toDisplayText } from "../../registry/display-text.ts";
import type { Style } from "../style.ts";

type Found = SearchAnswer["packages"][number];

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

const touches = ({ hosts, chains, capabilities, calls }: Found): string => {
  const parts = [
    ...hosts.slice(0, 3),
    ...(hosts.length > 3 ? [`${hosts.length - 3} more hosts`] : []),
    ...chains.filter((chain) => !/^\d+$/.test(chain)).map((chain) => `chain ${chain}`),
    ...calls.map((name) => `calls ${name}`),
    ...capabilities.filter((kind) => !["http", "chain", "call"].includes(kind)),
  ];
  return parts.length === 0 ? "touches nothing" : parts.join(", ");
};

const describe = (found: Found, style: Style): string => {
  const { name, version, state, reason, feeds, publisherName, licence, dependents } = found;
  const mark =
    state === "published"
      ? ""
      : `  ${(state === "revoked" ? style.bad : style.warn)(`${state.toUpperCase()}: ${toDisplayText(reason ?? "")}`)}`;
  const facts = [
    `by ${toDisplayText(publisherName)}`,
    toDisplayText(licence ?? "no licence"),
    plural(found.versions, "version"),
    ...(dependents > 0 ? [`called by ${plural(dependents, "other publisher")}`] : []),
  ];
  return [
    `${style.bold(name)} ${toDisplayText(version)}${mark}`,
    `  ${toDisplayText(found.description)}`,
    `  feeds ${toDisplayText(`${feeds.map(({ id }) => id).join(", ")}; ${touches(found)}`)}`,
    style.dim(`  ${facts.join(", ")}`),
  ].join("\n");
};

/** An answer as a list for people, best first. */
export const formatSearch = (
  { packages, next, corrections }: SearchAnswer,
  style: Style,
): string => {
  if (packages.length === 0)
    return "Nothing fits. Filters are feed: host: capability: chain: publisher: licence: and more, cryptlet search --help.";
  return [
    ...corrections.map(({ typed, taken }) =>
      style.warn(`${typed} was taken for ${taken.join(" or ")}`),
    ),
    ...packages.map((found) => describe(found, style)),
    ...(next === null ? [] : [style.dim(`There are more: --cursor ${next}`)]),
  ].join("\n");
};
