'use strict'

const { randomBytes } = require('node:crypto')

const COLUMNS = [
  'id', 'display_id', 'name', 'slug', 'domain', 'status', 'plan', 'mrr', 'monthly_orders',
  'hubspot_company_id', 'hubspot_deal_id', 'stripe_customer_id', 'intercom_company_id',
  'slack_channel_id', 'tags', 'metadata', 'created_at', 'updated_at'
]

/** Defaults of the fields that a body can leave out. */
const DEFAULTS = {
  domain: null,
  status: 'onboarding',
  plan: null,
  mrr: null,
  monthly_orders: null,
  hubspot_company_id: null,
  hubspot_deal_id: null,
  stripe_customer_id: null,
  intercom_company_id: null,
  slack_channel_id: null,
  tags: [],
  metadata: {}
}

/** The queries, prepared once. */
class Customers {
  constructor (db) {
    const select = `SELECT ${COLUMNS.join(', ')} FROM customers WHERE workspace_id = ?`
    this.byId = db.prepare(`${select} AND id = ?`)
    this.firstPage = db.prepare(`${select} ORDER BY display_id DESC LIMIT ?`)
    this.nextPage = db.prepare(`${select} AND display_id < ? ORDER BY display_id DESC LIMIT ?`)
    const count = db.prepare(
      `UPDATE counters SET last = last + 1 WHERE workspace_id = ? AND resource = 'customer'
       RETURNING last`)
    const insert = db.prepare(
      `INSERT INTO customers (workspace_id, ${COLUMNS.join(', ')})
       VALUES (?${', ?'.repeat(COLUMNS.length)})`)
    const record = db.prepare(
      `INSERT INTO events (workspace_id, type, customer_id, actor, data, created_at)
       VALUES (?, 'customer.created', ?, ?, ?, ?)`)
    // Immediate, because a transaction that becomes a writer later can fail instead of waiting.
    this.insert = db.transaction((key, customer) => {
      customer.display_id = count.get(key.workspace_id).last
      insert.run(key.workspace_id, ...COLUMNS.map((column) => toColumn(customer[column])))
      record.run(
        key.workspace_id, customer.id, key.prefix, JSON.stringify(customer), customer.created_at)
    }).immediate
  }

  find (key, id) {
    const row = this.byId.get(key.workspace_id, id)
    return row && toCustomer(row)
  }

  list (key, { limit, cursor }) {
    const rows = cursor === undefined
      ? this.firstPage.all(key.workspace_id, limit + 1)
      : this.nextPage.all(key.workspace_id, cursor, limit + 1)
    const more = rows.length > limit
    const data = rows.slice(0, limit).map(toCustomer)
    return {
      object: 'list',
      data,
      has_more: more,
      next_cursor: more ? String(data.at(-1).display_id) : null
    }
  }

  create (key, body) {
    const now = new Date().toISOString()
    const customer = {
      object: 'customer', id: newId(), ...DEFAULTS, ...body, created_at: now, updated_at: now
    }
    this.insert(key, customer)
    return customer
  }
}

function toColumn (value) {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

function toCustomer (row) {
  row.object = 'customer'
  row.tags = JSON.parse(row.tags)
  row.metadata = JSON.parse(row.metadata)
  return row
}

/** IDs begin with the time, so that new rows are next to each other in the index. */
function newId () {
  return 'c' + Date.now().toString(36) + randomBytes(8).toString('hex')
}

module.exports = { Customers }
