import { defineCryptlet, observeRecord, throwAbiError } from "cryptlet-fabric/sdk";
import manifest from "../cryptlet.json" with { type: "json" };
import { readRepository, readRequest, repositoryUrl } from "./repository.js";

/** What GitHub says about one repository. There is one source, so every fault of it ends the run under its own code. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { repository: { parameters: readRequest } },
  run: (ctx) => {
    const answer = ctx.http.get(repositoryUrl(ctx.parameters), {
      id: "github",
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${ctx.secret("GITHUB_TOKEN")}`,
        "x-github-api-version": "2022-11-28",
      },
    });
    if (!answer.ok) return throwAbiError(answer.error);
    const reading = readRepository(answer, ctx.parameters);
    return observeRecord(ctx.feed, { source: answer.id, answer, ...reading });
  },
});
