// Lets a process die around one of its commits, whatever part of it makes them: libsql's connections count.
import Libsql from "libsql";

/** Every connection that this process has opened. */
export const databases = new Set();

/** Runs a statement without being counted. */
const { exec } = Libsql.prototype;
export const execDirectly = (database, text) => exec.call(database, text);

/** SIGKILL to this process before or after its n-th commit; null never. To be called before a database is opened. */
export const killAtCommit = (kill) => {
  let commits = 0;
  const die = () => process.kill(process.pid, "SIGKILL");
  Libsql.prototype.exec = function counted(text) {
    databases.add(this);
    if (text !== "commit") return exec.call(this, text);
    commits += 1;
    const isHere = kill?.commit === commits;
    if (isHere && kill.when === "before") die();
    const result = exec.call(this, text);
    if (isHere) die();
    return result;
  };
};
