'use strict'
// Usage: node server.js DATABASE PORT WORKERS. Starts as many processes as WORKERS.

const cluster = require('node:cluster')

const [database, port, workers] = process.argv.slice(2)

if (cluster.isPrimary && Number(workers) > 1) {
  for (let n = 0; n < Number(workers); n++) cluster.fork()
  cluster.on('exit', (_worker, code, signal) => {
    console.error(`a worker ended with ${signal ?? code}`)
    process.exit(1)
  })
} else {
  require('./app').build(database).listen({ port: Number(port), host: '127.0.0.1' })
}
