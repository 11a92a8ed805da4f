/** How to start a server. */
export interface StartOptions {
  /** A seed file with the data that the server starts with. */
  seed?: string;
  /** More arguments of `pivotal-server serve`, such as `["--listen", "127.0.0.1:8080"]`. */
  args?: readonly string[];
}

/** A running server with an empty database of its own, or with the data of its seed. */
export interface Server {
  /** The server's URL without a path, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The live and the test key that the server created. */
  readonly keys: { readonly live: string; readonly test: string };
  /** Stops the server and removes its database. Rejects if the server failed while it ran. */
  stop(): Promise<void>;
}

/** The server could not be started, or failed. The message says why. */
export class ServerError extends Error {}

/** Starts a server on a free port. It ends at the latest with this program. */
export function start(options?: StartOptions): Promise<Server>;
