import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY = fileURLToPath(new URL("bin/pivotal-server", import.meta.url));

export class ServerError extends Error {
  name = "ServerError";
}

export async function start({ seed, args = [] } = {}) {
  const seedArgs = seed === undefined ? [] : ["--seed", seed];
  const child = spawn(
    BINARY,
    ["serve", "--ephemeral", "--exit-with-parent", ...seedArgs, ...args],
    { stdio: "pipe" },
  );
  // It ends by itself once it can't write to the closed pipe, or was never started.
  child.stdin.on("error", () => {});
  const log = collect(child.stderr);
  const ended = end(child);
  const announcement = await Promise.race([announced(child.stdout), ended]);
  if (!announcement.listening) {
    child.stdin.end();
    const { reason = log.take() } = await ended;
    throw new ServerError(`pivotal-server did not start: ${reason || "it was not asked to serve"}`);
  }
  child.stdout.resume();
  log.forwardTo(process.stderr);
  // A server that nobody stops must not keep the program running. It ends with the program.
  const handles = [child, child.stdin, child.stdout, child.stderr];
  handles.forEach((handle) => handle.unref());

  return {
    url: announcement.listening,
    keys: Object.fromEntries(announcement.keys.map(({ mode, key }) => [mode, key])),
    async stop() {
      handles.forEach((handle) => handle.ref());
      child.stdin.end();
      const { code, signal } = await ended;
      if (code !== 0) {
        throw new ServerError(`pivotal-server ended with ${signal ?? `exit code ${code}`}`);
      }
    },
  };
}

/** Resolves to the object that the server prints on its first line, or to an empty one. */
async function announced(stdout) {
  const [line] = await once(createInterface({ input: stdout }), "line");
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** Resolves once the process has ended and its output was read, or could not be started. */
function end(child) {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, reason: error.message }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** Keeps what a stream contains until it is taken or forwarded. */
function collect(stream) {
  let text = "";
  const keep = (part) => (text += part);
  stream.setEncoding("utf8").on("data", keep);
  return {
    take: () => text.trim(),
    forwardTo(target) {
      stream.off("data", keep);
      target.write(text);
      stream.on("data", (part) => target.write(part));
    },
  };
}
