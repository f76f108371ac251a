/**
 * What evidence may be used for. `register`: the keys sign statements. `ra-tls`: they speak TLS. `kbs`: secrets may be
 * encrypted to them. `host-ak`: they speak for a host's Cryptlets. Evidence of one purpose never serves another.
 */
export const PURPOSES = ["register", "ra-tls", "kbs", "host-ak"] as const;
