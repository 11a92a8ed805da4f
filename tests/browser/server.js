// The server under test: the binary built by cargo, with its own data directory.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');
const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const BINARY = join(TARGET, 'debug/pivotal-server');

/** The admin's password in tests. */
export const PASSWORD = 'correct horse battery staple';

export class Server {
  /**
   * Starts a server with a new database, or with the one that `prepare` creates. With `path`, it is
   * served below that path.
   */
  static async start({ prepare, path = '' } = {}) {
    if (!existsSync(BINARY)) {
      throw new Error(`${BINARY} is missing; run \`cargo build --locked\` first`);
    }
    const server = new Server();
    server.dir = mkdtempSync(join(tmpdir(), 'pivotal-browser-'));
    prepare?.(server);
    server.child = spawn(BINARY, server.#args(['serve', '--listen', '127.0.0.1:0']), {
      cwd: server.dir,
      env: environment({
        PIVOTAL_RATE_LIMITS_ENABLED: 'false',
        PIVOTAL_PUBLIC_URL: path && `http://pivotal.test${path}/`,
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.log = '';
    server.child.stderr.setEncoding('utf8').on('data', (text) => (server.log += text));
    const announcement = await firstLine(server.child.stdout);
    if (!announcement) {
      throw new Error(`the server did not start: ${server.log}`);
    }
    const { listening, admin, setup, keys } = JSON.parse(announcement);
    Object.assign(server, { url: listening + path, admin, setup });
    server.key = keys.find((key) => key.mode === 'live')?.key;
    return server;
  }

  /** Starts a server whose only workspace is `demo`, with sample data. The admin password is set. */
  static async withDemo() {
    let demo;
    const prepare = (server) => (demo = server.run(['demo']));
    const server = await Server.start({ prepare });
    server.key = demo.key.key;
    server.setPassword();
    return server;
  }

  /** Runs a command on the data directory and returns the JSON it prints. */
  run(args, input = '') {
    const options = { cwd: this.dir, env: environment(), input, encoding: 'utf8' };
    const { status, stdout, stderr } = spawnSync(BINARY, this.#args(args), options);
    if (status !== 0) {
      throw new Error(`${args.join(' ')}: ${stderr}`);
    }
    return stdout ? JSON.parse(stdout) : undefined;
  }

  /** Sets the admin password on the command line. */
  setPassword(password = PASSWORD) {
    this.run(['admin', 'set-password'], `${password}\n`);
  }

  /** Sends an API request and returns the status and the body of the response. */
  async api(path, { method = 'GET', body, key = this.key } = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Creates a resource through the API and returns it. */
  async create(path, body) {
    const response = await this.api(path, { method: 'POST', body });
    if (response.status !== 201) {
      throw new Error(`${path}: ${response.status} ${JSON.stringify(response.body)}`);
    }
    return response.body;
  }

  /** Stops the server and removes its data directory. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  #args(args) {
    return ['--json', '--data-dir', this.dir, ...args];
  }
}

/** The environment of this process without `PIVOTAL_*` settings. */
function environment(more = {}) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PIVOTAL_'));
  return { ...Object.fromEntries(own), ...more };
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) {
    return line;
  }
  return undefined;
}
