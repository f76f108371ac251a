// The enclave's thread with a flaw: a run whose trigger is called "break" ends the whole thread.
import { parentPort } from "node:worker_threads";

await import("../../dist/enclave-sim/host/enclave-thread.js");
parentPort.on("message", (message) => {
  if (message.kind === "run" && message.trigger.id === "break") process.exit(9);
});
