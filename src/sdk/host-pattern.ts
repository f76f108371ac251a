/**
 * True when `pattern` covers `host`, which may itself be a pattern. A leading `*.` stands for exactly one label
 * (as in RFC 6125 section 6.4.3), so `*.my.salesforce.com` covers `acme.my.salesforce.com` and nothing deeper.
 */
export const hostPatternCovers = (pattern: string, host: string): boolean => {
  if (pattern === host) return true;
  if (!pattern.startsWith("*.") || host.startsWith("*.")) return false;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === pattern.slice(1);
};
