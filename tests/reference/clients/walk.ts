// Creates customers concurrently, many of them in the same millisecond, and follows all pages of
// their list with a client that converts dates.

import { createClient } from "./pivotal/client/index.js";
import { createCustomer, listCustomers } from "./pivotal/index.js";

const WORKERS = 16;
const EACH = 13;

const client = createClient({
  baseUrl: process.env.PIVOTAL_BASE_URL!,
  auth: process.env.PIVOTAL_API_KEY!,
});

const created: string[] = [];
async function create(worker: number): Promise<void> {
  for (let number = 0; number < EACH; number += 1) {
    const body = { name: `Customer ${worker} ${number}` };
    const { data } = await createCustomer({ client, body, throwOnError: true });
    created.push(data.id);
  }
}
await Promise.all(Array.from({ length: WORKERS }, (_, worker) => create(worker)));

const met: string[] = [];
let pages = 0;
// The cursor has whatever type the client gives it, and is passed back unchanged.
let cursor: NonNullable<NonNullable<Parameters<typeof listCustomers>[0]>["query"]>["cursor"];
do {
  const query = { limit: 10, cursor };
  const { data: page } = await listCustomers({ client, query, throwOnError: true });
  if (!(page.data[0].created_at instanceof Date)) throw new Error("dates are not converted");
  met.push(...page.data.map((customer) => customer.id));
  pages += 1;
  cursor = page.next_cursor ?? undefined;
} while (cursor);

const missed = created.filter((id) => !met.includes(id));
console.log(JSON.stringify({ created: created.length, met: met.length, pages, missed }));
