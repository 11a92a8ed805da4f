'use strict'
// Usage: node server.js FILE PORT. The key is in the environment variable API_KEY, because
// json-server has none of its own; a middleware like this one is what its README suggests.

const { createHash, timingSafeEqual } = require('node:crypto')
const jsonServer = require('json-server')

const [file, port] = process.argv.slice(2)
const sha256 = (text) => createHash('sha256').update(text).digest()
const expected = sha256(process.env.API_KEY)

const server = jsonServer.create()
server.use(jsonServer.defaults())
server.use((request, response, next) => {
  const [scheme, key] = (request.get('Authorization') ?? '').split(' ')
  if (scheme === 'Bearer' && key && timingSafeEqual(sha256(key), expected)) {
    next()
  } else {
    response.status(401).jsonp({ error: 'invalid API key' })
  }
})
server.use(jsonServer.router(file))
server.listen(Number(port), '127.0.0.1')
