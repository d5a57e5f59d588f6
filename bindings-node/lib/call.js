'use strict'

// Around every native operation: the caller's stack, `signal`, hooks and sources on the way in, results and errors on the way out.

const native = require('./native')
const { camelCase, classes, here, mistyped, thrown } = require('./errors')
const { makers } = require('./records')
const { Page, Pages } = require('./pages')
const { source } = require('./source')

/** Arguments that are objects themselves, and never the options. */
const OBJECTS = new Set(['source', 'policy'])

const isOptions = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

/** One call on its way: what it is given, and what has to be done when it is over. */
class Call {
  constructor(operation, place) {
    this.operation = operation
    this.place = place
    this.ends = []
    this.signal = undefined
    this.raised = undefined
  }

  /** The arguments as the native part takes them. */
  collect(names, args) {
    const given = Array.from({ length: names.length + 1 }, (_, at) => args[at])
    const last = args.length - 1
    // What stands last may be the options, where arguments before them are left out.
    if (last >= 0 && last < names.length && isOptions(args[last]) && !OBJECTS.has(names[last])) {
      given[names.length] = args[last]
      given[last] = undefined
    }
    names.forEach((name, at) => {
      if (name === 'source') given[at] = source(given[at], this.ends)
      if (Array.isArray(given[at])) given[at] = given[at].map((row) => this.row(row))
    })
    if (given[names.length] != null) given[names.length] = this.options(given[names.length])
    return given
  }

  options(options) {
    const given = this.row(options)
    const { signal, save, progress } = given
    if (signal == null && save == null && progress == null) return given
    const ready = { ...given }
    if (save != null) ready.save = this.hook(save)
    const cancel = signal != null || progress != null ? new native.Cancel() : undefined
    if (cancel) ready.signal = cancel
    if (progress != null) ready.progress = this.progress(progress, cancel)
    if (signal != null) this.follow(signal, cancel)
    return ready
  }

  /** Named arguments: `null` is as good as leaving one out. */
  row(row) {
    if (!isOptions(row)) return row
    const given = {}
    for (const [name, value] of Object.entries(row)) if (value !== null) given[name] = value
    if (Array.isArray(given.files)) given.files = given.files.map(([name, content]) => [name, source(content, this.ends)])
    return given
  }

  hook(save) {
    if (typeof save !== 'function') throw new classes.InvalidArgument("save: it can't be called: give a function")
    const keep = async (raw) => void (await save(makers.Credential(raw)))
    return (raw, reply) => {
      keep(raw).then(
        () => reply.done(),
        (error) => reply.failed(error)
      )
    }
  }

  progress(progress, cancel) {
    if (typeof progress !== 'function') throw new classes.InvalidArgument("progress: it can't be called: give a function")
    return (done) => {
      if (this.raised || this.over) return
      try {
        progress(done)
      } catch (error) {
        this.raised = { error }
        cancel.cancel()
      }
    }
  }

  follow(signal, cancel) {
    if (typeof signal.addEventListener !== 'function') {
      throw new classes.InvalidArgument('signal: it is no AbortSignal')
    }
    this.signal = signal
    const abort = () => cancel.cancel()
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    this.ends.push(() => signal.removeEventListener('abort', abort))
  }

  end() {
    this.over = true
    for (const end of this.ends) end()
  }

  /** What the caller gets for an error of the native part. */
  failed(error) {
    if (this.raised) return this.raised.error
    if (this.signal?.aborted) return this.signal.reason
    return thrown(error, this.place)
  }

  /** Starts it and answers a promise of what it came to. */
  run(start, names, args, made) {
    let promise
    let given = args
    try {
      given = this.collect(names, args)
      promise = start(given)
    } catch (error) {
      this.end()
      return Promise.reject(this.refused(error, names, given))
    }
    const done = (raw) => {
      this.end()
      // It may throw by itself: then whatever was done is not undone, but the caller is told.
      if (this.raised) throw this.raised.error
      return made(raw, this)
    }
    return promise.then(done, (error) => {
      this.end()
      throw this.failed(error)
    })
  }

  refused(error, names, given) {
    if (error instanceof classes.StrongroomError) {
      const Class = error.constructor
      return thrown(
        { name: 'StrongroomFailure', code: Class.code, operation: this.operation, message: error.message, causes: [] },
        this.place
      )
    }
    const what = names.find((name, at) => !OBJECTS.has(name) && typeof given[at] !== 'string' && !Array.isArray(given[at]))
    return mistyped(error, this.operation, what, this.place)
  }
}

/** How an answer is made; the rows of calls on many may be errors. */
function maker(name) {
  const make = makers[name] ?? ((raw) => raw)
  return (raw, call) =>
    Array.isArray(raw) ? raw.map((row) => (row?.name === 'StrongroomFailure' ? thrown(row, call.place) : make(row))) : make(raw)
}

/** A page, and how the next one is fetched, with the options of the first. */
function page(raw, make, operation, place, signal) {
  const next = () =>
    new Call(operation, place).run(
      ([options]) => raw.next.fetch(options),
      [],
      signal == null ? [] : [{ signal }],
      (following) => page(following, make, operation, place, signal)
    )
  return new Page({ ...raw, data: raw.data.map(make) }, raw.next && next)
}

/** Puts JavaScript's half around every operation of the native classes. */
function dress() {
  for (const [className, method, operation, answer, args] of native.operations()) {
    const { prototype } = native[className]
    const name = camelCase(method)
    const original = prototype[name]
    const names = args.split(' ').filter(Boolean)
    const out = /(\w+)>*$/.exec(answer)?.[1]
    const make = maker(out)
    const start = (self) => (given) => original.apply(self, given)
    const dressed = answer.startsWith('Pages')
      ? function (...args) {
          const place = here(dressed)
          const call = () => {
            const { signal } = args.find((arg) => isOptions(arg) && 'signal' in arg) ?? {}
            const first = (raw) => page(raw, makers[out], operation, place, signal)
            return new Call(operation, place).run(start(this), names, args, first)
          }
          return new Pages(call)
        }
      : function (...args) {
          return new Call(operation, here(dressed)).run(start(this), names, args, make)
        }
    Object.defineProperty(dressed, 'name', { value: name })
    Object.defineProperty(prototype, name, { value: dressed, writable: true, configurable: true, enumerable: false })
  }
}

/** A call that does not wait, with the errors of all others. */
function atOnce(operation, caller, call) {
  try {
    return call()
  } catch (error) {
    throw mistyped(error, operation, undefined, here(caller))
  }
}

module.exports = { atOnce, dress }
