// Verifies the requests that it reads, as JSON, with a library from npm: `node verify.mjs LIBRARY`.
// Prints what the library returns for each request, or null when it rejects it.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { Webhook } = createRequire(import.meta.url)(process.argv[2]);

const results = JSON.parse(await text(process.stdin)).map(({ secret, headers, body }) => {
  try {
    return new Webhook(secret).verify(body, headers);
  } catch (error) {
    if (!/signature/i.test(error.message)) throw error;
    return null;
  }
});
console.log(JSON.stringify(results));
