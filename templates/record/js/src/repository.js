import { fabricError, readJson, readParameters } from "cryptlet-fabric/sdk";

/**
 * Which repository: the parameters of the feed.
 * @typedef {{ readonly owner: string, readonly repository: string }} RepositoryRequest
 */

/** Names that need no escaping in a path and cannot leave it. */
const OWNER = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/;
const REPOSITORY = /^(?!\.+$)[A-Za-z0-9._-]{1,100}$/;

/**
 * Throws `PARAMETERS_INVALID`.
 * @param {import("cryptlet-fabric/sdk").Json} parameters
 * @returns {RepositoryRequest}
 */
export const readRequest = (parameters) => {
  const reader = readParameters(parameters);
  const request = {
    owner: reader.text("owner", OWNER),
    repository: reader.text("repository", REPOSITORY),
  };
  reader.end();
  return request;
};

/**
 * https://docs.github.com/en/rest/repos/repos#get-a-repository
 * @param {RepositoryRequest} request
 */
export const repositoryUrl = ({ owner, repository }) =>
  `https://api.github.com/repos/${owner}/${repository}`;

/**
 * The fields of the manifest. Throws `SOURCE_NOT_FOUND`, `SOURCE_STATUS`, `SOURCE_SHAPE`, `JSON_INVALID`.
 * @param {import("cryptlet-fabric/sdk").ReceivedAnswer} answer
 * @param {RepositoryRequest} request
 * @returns {{ fields: Record<string, import("cryptlet-fabric/sdk").RecordField>, changedAt: number }}
 */
export const readRepository = ({ status, body }, { owner, repository }) => {
  if (status === 404) throw fabricError("SOURCE_NOT_FOUND", { record: `${owner}/${repository}` });
  if (status !== 200) throw fabricError("SOURCE_STATUS", { status });
  const root = readJson(body);
  const name = root.field("full_name").text();
  // A renamed repository is answered under its old name too: it is another one than was asked for.
  if (name.toLowerCase() !== `${owner}/${repository}`.toLowerCase())
    throw fabricError("SOURCE_SHAPE", { path: "$.full_name", reason: "another repository" });
  return {
    fields: {
      full_name: { type: "string", value: name },
      stargazers_count: { type: "decimal", value: root.field("stargazers_count").number() },
      archived: { type: "boolean", value: String(root.field("archived").boolean()) },
      pushed_at: { type: "timestamp", value: String(root.field("pushed_at").isoTime()) },
    },
    changedAt: root.field("updated_at").isoTime(),
  };
};
