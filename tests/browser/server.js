// The server under test: the binary that cargo built, on a directory of its own.

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
  /** Starts a server with a new database, or on what `prepare` puts into its directory. */
  static async start({ prepare } = {}) {
    if (!existsSync(BINARY)) {
      throw new Error(`${BINARY} is missing; run \`cargo build --locked\` first`);
    }
    const server = new Server();
    server.dir = mkdtempSync(join(tmpdir(), 'pivotal-browser-'));
    prepare?.(server);
    server.child = spawn(BINARY, server.#args(['serve', '--listen', '127.0.0.1:0']), {
      cwd: server.dir,
      env: environment({ PIVOTAL_RATE_LIMITS_ENABLED: 'false' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.log = '';
    server.child.stderr.setEncoding('utf8').on('data', (text) => (server.log += text));
    const announcement = await firstLine(server.child.stdout);
    if (!announcement) {
      throw new Error(`the server did not start: ${server.log}`);
    }
    const { listening, admin, setup, keys } = JSON.parse(announcement);
    Object.assign(server, { url: listening, admin, setup });
    server.key = keys.find((key) => key.mode === 'live')?.key;
    return server;
  }

  /** A server whose workspace `demo` is full, and is the only one; its password is set. */
  static async withDemo() {
    let made;
    const prepare = (server) => (made = server.run(['demo']));
    const server = await Server.start({ prepare });
    server.key = made.key.key;
    server.setPassword();
    return server;
  }

  /** Runs a command on the directory and returns the JSON that it prints. */
  run(args, input = '') {
    const options = { cwd: this.dir, env: environment(), input, encoding: 'utf8' };
    const { status, stdout, stderr } = spawnSync(BINARY, this.#args(args), options);
    if (status !== 0) {
      throw new Error(`${args.join(' ')}: ${stderr}`);
    }
    return stdout ? JSON.parse(stdout) : undefined;
  }

  /** Sets the admin's password at the command line. */
  setPassword(password = PASSWORD) {
    this.run(['admin', 'set-password'], `${password}\n`);
  }

  /** Asks the API, and returns the status and the body. */
  async api(path, { method = 'GET', body, key = this.key } = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Makes something through the API and returns it. */
  async make(path, body) {
    const answer = await this.api(path, { method: 'POST', body });
    if (answer.status !== 201) {
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Ends the server and removes its directory. */
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

/** The variables of this process, without settings of whoever runs the tests. */
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
