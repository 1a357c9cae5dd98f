// The application as a process of its own.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Serves from memory; the process, and the port of its REST. */
export const startApplication = (...options) => startApplicationWith({}, ...options);

/** The same with more variables in its environment. */
export async function startApplicationWith(variables, ...options) {
  const env = { ...process.env, ...variables };
  const all = ["--grpc", "127.0.0.1:0", "--database", "memory", ...options];
  const server = spawn(process.env.BINARY, ["serve", ...all], { env, stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      const started = /^REST server started on port (\d+)$/.exec(line);
      if (started) resolve(Number(started[1]));
    });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { server, port };
}
