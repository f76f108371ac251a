import { expect, it } from "vitest";
import type { EndpointReport } from "../adapters/evm/endpoints/endpoint-report.ts";
import { endpointRemarks } from "./endpoint-remarks.ts";

const endpoint = (change: Partial<EndpointReport>): EndpointReport => ({
  name: "a",
  state: "live",
  code: null,
  height: 7,
  lag: 0,
  latencyMs: 1,
  asked: 1,
  failed: 0,
  contradicted: 0,
  retryInMs: 0,
  ...change,
});

it("says which endpoints are not live and why, and nothing while all are", () => {
  const lagging = endpoint({ name: "b", state: "lagging", lag: 12 });
  const gone = endpoint({ name: "c", state: "quarantined", code: "CHAIN_UNREACHABLE" });
  const [remark = ""] = endpointRemarks({ quorum: 2, endpoints: [endpoint({}), lagging, gone] });
  expect(remark).toContain("1 of 3");
  expect(remark).toContain("b lagging (12 blocks behind)");
  expect(remark).toContain("c quarantined (CHAIN_UNREACHABLE)");
  expect(endpointRemarks({ quorum: 1, endpoints: [endpoint({}), endpoint({})] })).toEqual([]);
  // A single one that rests is a chain that does not answer: that is said already.
  expect(endpointRemarks({ quorum: 1, endpoints: [gone] })).toEqual([]);
});
