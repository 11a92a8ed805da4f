'use strict'

const fastify = require('fastify')
const { requireKey } = require('./auth')
const { open } = require('./database')
const schemas = require('./schemas')
const { Customers } = require('./store')

function build (file) {
  const app = fastify({ logger: true, disableRequestLogging: true })
  const db = open(file)
  const customers = new Customers(db)

  // One line for each request instead of Fastify's two.
  app.addHook('onResponse', async (request, reply) => {
    request.log.info({
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: reply.elapsedTime
    }, 'request')
  })
  requireKey(app, db)

  app.get('/customers/:id', { schema: { response: { 200: schemas.customer } } },
    async (request, reply) => {
      const customer = customers.find(request.apiKey, request.params.id)
      return customer ?? reply.code(404).send(error('not_found', 'customer_not_found'))
    })

  app.get('/customers',
    { schema: { querystring: schemas.page, response: { 200: schemas.customerList } } },
    async (request) => customers.list(request.apiKey, request.query))

  app.post('/customers',
    { schema: { body: schemas.newCustomer, response: { 201: schemas.customer } } },
    async (request, reply) => {
      try {
        const customer = customers.create(request.apiKey, request.body)
        return reply.code(201).send(customer)
      } catch (failure) {
        if (failure.code !== 'SQLITE_CONSTRAINT_UNIQUE') throw failure
        return reply.code(409).send(error('conflict', 'slug_taken'))
      }
    })

  return app
}

function error (type, code) {
  return { error: { type, code, message: code.replaceAll('_', ' ') } }
}

module.exports = { build }
