// The journey of `test_clients.py`, with the client that openapi-typescript makes.

import createClient from "openapi-fetch";
import type { components, paths } from "./pivotal.d.ts";

type Failure = components["schemas"]["Error"];

const pivotal = createClient<paths>({
  baseUrl: process.env.PIVOTAL_BASE_URL,
  headers: { Authorization: `Bearer ${process.env.PIVOTAL_API_KEY}` },
});

function got<T>(answer: { data?: T; error?: Failure }): T {
  if (answer.data === undefined) throw new Error(answer.error?.error.message);
  return answer.data;
}

function failed(answer: { data?: unknown; error?: Failure }): Failure["error"] {
  if (answer.error === undefined) throw new Error("it was not refused");
  return answer.error.error;
}

const me = got(await pivotal.GET("/me"));

const create = {
  params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  body: { name: "Aurora Shipping", plan: "growth", metadata: { segment: "mid-market" } },
};
const aurora = got(await pivotal.POST("/customers", create));
const again = got(await pivotal.POST("/customers", create));
for (const name of ["Borealis", "Cirrus"]) {
  got(await pivotal.POST("/customers", { body: { name, tags: ["eu"] } }));
}
const byId = { params: { path: { id: aurora.id } } };

const contact = got(
  await pivotal.POST("/customers/{customerId}/contacts", {
    params: { path: { customerId: aurora.id } },
    body: { name: "Maya Lind", email: "maya@aurora.example", is_primary: true },
  }),
);
const onboarding = got(
  await pivotal.POST("/onboardings", { body: { customer_id: aurora.id, name: "EU rollout" } }),
);
const moved = got(
  await pivotal.PATCH("/onboardings/{id}", {
    params: { path: { id: onboarding.id } },
    body: { phase: "program_design" },
  }),
);
const cleared = got(await pivotal.PATCH("/customers/{id}", { ...byId, body: { plan: null } }));

const walked: string[] = [];
let cursor: string | undefined;
do {
  const query = { limit: 1, cursor };
  const page = got(await pivotal.GET("/customers", { params: { query } }));
  walked.push(...page.data.map((customer) => customer.slug));
  cursor = page.next_cursor ?? undefined;
} while (cursor);

const activity = got(await pivotal.GET("/customers/{id}/activity", byId));
const [first] = activity.data;
const taken = failed(
  await pivotal.POST("/customers", { body: { name: "Aurora", slug: "aurora-shipping" } }),
);
const wrong = failed(await pivotal.POST("/customers", { body: { name: "", slug: "Aurora!" } }));
const deleted = got(await pivotal.DELETE("/customers/{id}", byId));
const gone = failed(await pivotal.GET("/customers/{id}", byId));

console.log(
  JSON.stringify({
    workspace: me.organization.slug,
    replayed: again.id === aurora.id,
    metadata: aurora.metadata,
    contact: [contact.email, contact.is_primary],
    moved: [moved.phase, moved.started_at !== null],
    plan: [aurora.plan, cleared.plan],
    walked,
    activity: activity.data.map((event) => event.type),
    previous: first.data.previous_attributes,
    taken: [taken.type, taken.code, taken.field],
    wrong: wrong.errors?.map((problem) => problem.field),
    deleted: deleted.deleted,
    gone: gone.code,
  }),
);
