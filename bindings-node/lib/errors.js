'use strict'

// What Strongroom throws. Every message says what was asked, why it was refused, and what to do. All classes can be constructed,
// for your own tests.

const native = require('./native')

/** The base of all that Strongroom throws. Catch it last. */
class StrongroomError extends Error {
  constructor(message = '', { operation = '', cause } = {}) {
    super(operation ? `${operation}: ${message}` : message, cause === undefined ? undefined : { cause })
    this.code = this.constructor.code
    this.operation = operation
  }
}

class InvalidArgument extends StrongroomError {}
class Unauthenticated extends StrongroomError {}
class PermissionDenied extends StrongroomError {}
class PolicyViolation extends PermissionDenied {}
class NotFound extends StrongroomError {}

class AlreadyExists extends StrongroomError {
  constructor(message, { id, ...options } = {}) {
    super(message, options)
    if (id !== undefined) this.id = id
  }
}

class Conflict extends StrongroomError {}

class RateLimited extends StrongroomError {
  constructor(message, { retryAfter, ...options } = {}) {
    super(message, options)
    if (retryAfter !== undefined) this.retryAfter = retryAfter
  }
}

class Tampered extends StrongroomError {}
class Unavailable extends StrongroomError {}
class DeadlineExceeded extends Unavailable {}
class Unsupported extends StrongroomError {}

const classes = {
  StrongroomError,
  InvalidArgument,
  Unauthenticated,
  PermissionDenied,
  PolicyViolation,
  NotFound,
  AlreadyExists,
  Conflict,
  RateLimited,
  Tampered,
  Unavailable,
  DeadlineExceeded,
  Unsupported
}

const byCode = {}
for (const [name, Class] of Object.entries(classes)) {
  const code = name === 'StrongroomError' ? '' : name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase()
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true })
  Object.defineProperty(Class, 'code', { value: code })
  if (code) byCode[code] = Class
}
for (const code of native.errorCodes()) {
  if (!byCode[code]) throw new Error(`the native part is of another version: it has the error code ${code}`)
}

/** `items.create_many` as JavaScript spells it. */
const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())

/** The chain of what lay below, as errors of their own. */
const caused = (causes) => causes.reduceRight((cause, text) => new Error(text, cause && { cause }), undefined)

/** The caller's place, before the first wait. */
function here(caller) {
  const place = {}
  Error.captureStackTrace(place, caller)
  return place
}

function placed(error, place) {
  const frames = place.stack.indexOf('\n')
  error.stack = `${error}${frames < 0 ? '' : place.stack.slice(frames)}`
  return error
}

/** What a native call threw, as users see it: of its class, with the stack of their call. What they threw themselves is as it was. */
function thrown(error, place) {
  if (error?.name !== 'StrongroomFailure') return error
  const { code, operation, message, id, retryAfter, causes } = error
  const cause = caused(causes)
  return placed(new byCode[code](message, { operation: camelCase(operation), id, retryAfter, cause }), place)
}

/**
 * The refusal of an argument that could not be taken over. What the native part says of it may show its value, so no
 * more than the member's name is kept.
 */
function mistyped(error, operation, what, place) {
  if (error?.name === 'StrongroomFailure') {
    error.operation ||= operation
    return thrown(error, place)
  }
  const member = /(?:on|of|field) [`']?\w+\.(\w+)/i.exec(error?.message)?.[1] ?? what
  const why = member ? `${member}: it is of another type than the call takes` : 'an argument is of another type than the call takes'
  return placed(new InvalidArgument(why, { operation: camelCase(operation) }), place)
}

module.exports = { classes, byCode, camelCase, here, thrown, mistyped }
