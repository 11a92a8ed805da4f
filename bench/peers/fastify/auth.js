'use strict'

const { createHash, timingSafeEqual } = require('node:crypto')

const PREFIX_LENGTH = 'pivotal_'.length + 8

/** Adds a hook that requires an API key and sets `request.apiKey`. */
function requireKey (app, db) {
  const find = db.prepare('SELECT prefix, workspace_id, digest, revoked_at FROM api_keys WHERE prefix = ?')
  app.decorateRequest('apiKey', null)
  app.addHook('onRequest', async (request, reply) => {
    const [scheme, secret] = (request.headers.authorization ?? '').split(' ')
    const key = scheme.toLowerCase() === 'bearer' && secret
      ? find.get(secret.slice(0, PREFIX_LENGTH))
      : undefined
    if (!key || key.revoked_at || !timingSafeEqual(sha256(secret), key.digest)) {
      return reply.code(401).header('WWW-Authenticate', 'Bearer').send({
        error: { type: 'authentication_error', code: 'invalid_api_key', message: 'Invalid API key' }
      })
    }
    request.apiKey = key
  })
}

function sha256 (text) {
  return createHash('sha256').update(text).digest()
}

module.exports = { requireKey }
