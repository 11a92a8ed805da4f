'use strict'

const Database = require('libsql')

/** Opens the database. A commit is on disk before it returns, as with the server compared with. */
function open (file) {
  const db = new Database(file, { timeout: 10_000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma('cache_size = -65536')
  return db
}

module.exports = { open }
