// Run in a project in which only the npm package is installed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { ServerError, start } from "pivotal-server";

const me = (server, key) =>
  fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${key}` } });

test("a server has working keys, and is gone after stop", async () => {
  const server = await start();
  for (const mode of ["live", "test"]) {
    const response = await me(server, server.keys[mode]);
    assert.equal((await response.json()).api_key.mode, mode);
  }
  await server.stop();
  await assert.rejects(me(server, server.keys.test));
  await server.stop();
});

test("servers don't share data", async () => {
  const servers = await Promise.all([start(), start()]);
  const [first, second] = servers.map(({ url, keys }) => (body) =>
    fetch(`${url}/api/v1/customers`, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${keys.live}` },
      body,
    }).then((response) => response.json()));
  await first('{"name": "Aurora Shipping"}');
  assert.equal((await first()).data.length, 1);
  assert.equal((await second()).data.length, 0);
  await Promise.all(servers.map((server) => server.stop()));
});

test("a server with a seed has its data", async () => {
  writeFileSync("seed.yaml", "customers:\n  - name: Aurora Shipping\n");
  const server = await start({ seed: "seed.yaml" });
  const response = await fetch(`${server.url}/api/v1/customers`, {
    headers: { Authorization: `Bearer ${server.keys.live}` },
  });
  assert.deepEqual((await response.json()).data.map(({ name }) => name), ["Aurora Shipping"]);
  await server.stop();
});

test("a taken port is an error with the server's message", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const args = ["--listen", `127.0.0.1:${other.address().port}`];
  try {
    await assert.rejects(start({ args }), (error) => {
      assert(error instanceof ServerError);
      assert.match(error.message, /^pivotal-server did not start: error: .*this address/);
      return true;
    });
  } finally {
    other.close();
  }
});

test("a faulty seed is an error with the server's message", async () => {
  await assert.rejects(start({ seed: "missing.yaml" }), {
    name: "ServerError",
    message: /^pivotal-server did not start: error: can't read the seed missing\.yaml/,
  });
});

test("arguments for something other than a server are an error", async () => {
  await assert.rejects(start({ args: ["--help"] }), /did not start: it was not asked to serve/);
});

test("a binary that can't run is an error with the system's message", async () => {
  const binary = "node_modules/pivotal-server/bin/pivotal-server";
  chmodSync(binary, 0o644);
  await assert.rejects(start(), /^ServerError: pivotal-server did not start: .*EACCES/);
  chmodSync(binary, 0o755);
});

test("a program that forgets to stop its server ends, and the server with it", async () => {
  const program = `
    import { start } from "pivotal-server";
    console.log((await start()).url);`;
  const url = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  }).trim();
  while (await fetch(url).then(() => true, () => false)) {
    // The server ends within a second once its stdin is closed.
  }
});
