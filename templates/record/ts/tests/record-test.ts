import {
  expectObservation,
  expectRefusal,
  mockHttp,
  readRecording,
  testCryptlet,
  testInEnclave,
} from "cryptlet-fabric/test-kit";
import { expect, it } from "vitest";
import { cryptlet } from "../src/main.ts";

const parameters = { owner: "octocat", repository: "hello-world" };
const run = {
  at: "2026-07-03T16:09:00Z",
  recording: await readRecording(new URL("../recordings/repository.json", import.meta.url)),
  parameters,
  secrets: ["GITHUB_TOKEN"],
};

it("gives each field with its type", async () => {
  expectObservation(await testCryptlet(cryptlet, run)).toHaveFields({
    full_name: { type: "string", value: "octocat/hello-world" },
    stargazers_count: { type: "decimal", value: "2890" },
    archived: { type: "boolean", value: "false" },
    pushed_at: { type: "timestamp", value: String(Date.parse("2026-07-01T09:12:44Z")) },
  });
});

it("sends the secret as a handle, which only the enclave fills", async () => {
  const { requests } = await testCryptlet(cryptlet, run);
  expect(requests[0]?.headers?.["authorization"]).toBe("Bearer {{secret:GITHUB_TOKEN}}");
  expectRefusal(await testCryptlet(cryptlet, { ...run, secrets: [] }), "HTTP_SECRET_UNKNOWN");
});

it("says that there is no such record", async () => {
  const nothing = { ...run, parameters: { owner: "octocat", repository: "nothing" } };
  expectRefusal(await testCryptlet(cryptlet, nothing), "SOURCE_NOT_FOUND", {
    record: "octocat/nothing",
  });
});

it.each([
  ["no permission", { status: 403, body: "{}" }, "SOURCE_STATUS"],
  ["no answer in time", { error: "HTTP_TIMEOUT" }, "HTTP_TIMEOUT"],
  ["another repository", { json: { full_name: "octocat/other" } }, "SOURCE_SHAPE"],
  [
    "stars as text",
    { json: { full_name: "octocat/hello-world", stargazers_count: "9" } },
    "SOURCE_SHAPE",
  ],
] as const)("publishes nothing for %s", async (_what, github, code) => {
  expectRefusal(await testCryptlet(cryptlet, { ...run, http: mockHttp({ github }) }), code);
});

it.each([
  ["a path", { owner: "octocat", repository: "../../user" }],
  ["one name too few", { owner: "octocat" }],
  ["one name too many", { ...parameters, branch: "main" }],
])("refuses parameters with %s", async (_what, wrong) => {
  expectRefusal(await testCryptlet(cryptlet, { ...run, parameters: wrong }), "PARAMETERS_INVALID");
});

it("gives the same in the enclave that it gives here", async () => {
  const inside = await testInEnclave(new URL("..", import.meta.url), run);
  expectObservation(inside).toHaveFields({ stargazers_count: "2890", archived: "false" });
});
