// A host of its own that starts a program behind the wall and says its process id; whoever kills it looks what is left.
import { nodeCommand } from "../../dist/enclave-sim/wall/engine-command.js";
import { startWallProcess } from "../../dist/enclave-sim/wall/start-wall-process.js";

const limits = { memoryBytes: 536_870_912, processes: 32, files: 32, temporaryBytes: 0 };
const script = `process.stdout.write("up"); for (;;);`;
const wall = startWallProcess(nodeCommand(["-e", script], limits));
wall.stdout.once("data", () => process.stdout.write(`${wall.pid}\n`));
setInterval(() => undefined, 1_000_000);
