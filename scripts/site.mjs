// `npm run site`: builds docs/ into dist/site; a dead link fails. With --serve it shows the pages on localhost instead, as
// they change, on --port 4173 unless told otherwise, until it is stopped.
import path from "node:path";
import { build, createServer } from "vitepress";
import { root } from "./run.mjs";

const docs = path.join(root, "docs");
const portAt = process.argv.indexOf("--port");
const port = portAt === -1 ? 4_173 : Number(process.argv[portAt + 1]);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error("--port must be a whole number from 0 to 65535");
  process.exit(2);
}
if (process.argv.includes("--serve")) {
  // Vite listens on localhost alone unless it is told to do otherwise.
  const server = await createServer(docs, { port });
  await server.listen();
  server.printUrls();
} else await build(docs);
