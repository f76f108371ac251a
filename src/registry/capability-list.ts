import { hostPatternCovers } from "../sdk/host-pattern.ts";
import type { Manifest } from "../sdk/manifest.ts";

/** Form of one capability's text. */
export const CAPABILITY = /^[a-z]+(?: [\x21-\x7e]{1,400}){0,3}$/;

const httpLines = ({ capabilities }: Manifest): string[] =>
  capabilities.http?.hosts.flatMap(({ host, port, paths }) =>
    paths.map((path) => `http ${host}:${port}${path}`),
  ) ?? [];

const chainLines = ({ capabilities }: Manifest): string[] =>
  capabilities.chains.flatMap(({ chain, chainId, contracts }) =>
    contracts.flatMap(({ address, selectors, events }) => {
      const contract = `chain ${chain}:${chainId} ${address}`;
      return [...selectors, ...events].length === 0
        ? [contract]
        : [...selectors, ...events].map((what) => `${contract} ${what}`);
    }),
  );

/**
 * Everything that a manifest lets its code touch, one line each, sorted, each once. One line has one meaning, so that
 * two releases can be compared and an operator can copy what he approves.
 * @example
 * ```ts
 * capabilitiesOf(manifest); // ["http api.kraken.com:443/0/public", "time"]
 * ```
 */
export const capabilitiesOf = (manifest: Manifest): readonly string[] => {
  const { secrets, time, random, configuration, state, calls } = manifest.capabilities;
  const lines = [
    ...httpLines(manifest),
    ...chainLines(manifest),
    ...secrets.flatMap(({ name, hosts }) => hosts.map((host) => `secret ${name} ${host}`)),
    ...calls.flatMap(({ cryptlet, feeds, measurement }) =>
      feeds.map((feed) => `call ${cryptlet} ${feed}${measurement ? ` ${measurement}` : ""}`),
    ),
    ...(time ? ["time"] : []),
    ...(random ? ["random"] : []),
    ...(configuration ? ["configuration"] : []),
    ...(state ? ["state"] : []),
  ];
  return [...new Set(lines)].toSorted();
};

const HTTP = /^http ([^ :]+):(\d+)(\/[^ ]*)$/;

/** Whether what `granted` allows includes all that `asked` asks for. */
export const capabilityCovers = (granted: string, asked: string): boolean => {
  if (granted === asked) return true;
  const [, grantedHost, grantedPort, grantedPath] = HTTP.exec(granted) ?? [];
  const [, askedHost, askedPort, askedPath] = HTTP.exec(asked) ?? [];
  if (!grantedHost || !grantedPath || !askedHost || !askedPath || grantedPort !== askedPort)
    return false;
  const folder = grantedPath.endsWith("/") ? grantedPath : `${grantedPath}/`;
  return (
    hostPatternCovers(grantedHost, askedHost) &&
    (askedPath === grantedPath || askedPath.startsWith(folder))
  );
};

/** What is asked for and not granted, in the order of asking. */
export const ungranted = (
  asked: readonly string[],
  granted: readonly string[],
): readonly string[] => {
  const known = new Set(granted);
  return asked.filter(
    (line) => !known.has(line) && !granted.some((each) => capabilityCovers(each, line)),
  );
};

/** A capability in words, for people who decide. */
export const describeCapability = (line: string): string => {
  const [kind = "", first = "", second = "", third] = line.split(" ");
  switch (kind) {
    case "http":
      return `asks https://${first.replace(/:443(?=\/)/, "")}`;
    case "secret":
      return `sends the operator's secret ${first} to ${second}`;
    case "chain":
      return `reads contract ${second} on chain ${first}${third ? `, ${third.length === 10 ? "call" : "event"} ${third}` : ""}`;
    case "call":
      return `asks the Cryptlet ${first} for ${second}${third ? `, of measurement ${third}` : ""}`;
    case "time":
      return "reads the enclave's clock";
    case "random":
      return "draws random bytes";
    case "configuration":
      return "reads what the operator configured for it";
    case "state":
      return "keeps state between runs";
    default:
      return line;
  }
};
