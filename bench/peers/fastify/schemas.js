'use strict'

const nullable = (type, rules) => ({ type: [type, 'null'], ...rules })
const text = nullable('string', { maxLength: 255 })
const amount = nullable('integer', { minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const fields = {
  name: { type: 'string', minLength: 1, maxLength: 255 },
  slug: { type: 'string', maxLength: 100, pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
  domain: nullable('string', { maxLength: 253 }),
  status: { type: 'string', enum: ['onboarding', 'active', 'at_risk', 'churned', 'archived'] },
  plan: nullable('string', { maxLength: 100 }),
  mrr: amount,
  monthly_orders: amount,
  hubspot_company_id: text,
  hubspot_deal_id: text,
  stripe_customer_id: text,
  intercom_company_id: text,
  slack_channel_id: text,
  tags: { type: 'array', maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 64 } },
  metadata: { type: 'object', additionalProperties: true }
}

/** The body of a POST. */
const newCustomer = { type: 'object', required: ['name', 'slug'], properties: fields }

const customer = {
  type: 'object',
  properties: {
    object: { type: 'string' },
    id: { type: 'string' },
    display_id: { type: 'integer' },
    ...fields,
    created_at: { type: 'string' },
    updated_at: { type: 'string' }
  }
}

const customerList = {
  type: 'object',
  properties: {
    object: { type: 'string' },
    data: { type: 'array', items: customer },
    has_more: { type: 'boolean' },
    next_cursor: { type: ['string', 'null'] }
  }
}

const page = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 25 },
    cursor: { type: 'integer', minimum: 1 }
  }
}

module.exports = { newCustomer, customer, customerList, page }
