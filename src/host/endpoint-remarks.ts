import type { PoolReport } from "../adapters/evm/endpoints/endpoint-report.ts";

/** What people should know about a chain's endpoints: nothing while all of several are well, or there is one only. */
export const endpointRemarks = ({ quorum, endpoints }: PoolReport): readonly string[] => {
  const others = endpoints.filter(({ state }) => state !== "live");
  if (endpoints.length === 1 || others.length === 0) return [];
  const named = others.map(
    ({ name, state, code, lag }) =>
      `${name} ${state}${code === null ? ` (${lag} blocks behind)` : ` (${code})`}`,
  );
  const live = endpoints.length - others.length;
  return [
    `${live} of ${endpoints.length} endpoints live, ${quorum} must agree: ${named.join(", ")}`,
  ];
};
