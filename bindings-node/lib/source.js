'use strict'

// Where a file's content comes from: what users give, as the native part takes it.

const { fileURLToPath } = require('node:url')
const { classes } = require('./errors')

const BLOCK = 1 << 20
/** Small pieces are put together up to this, for each costs a way from thread to thread. */
const ENOUGH = 1 << 18

const refused = (why) => new classes.InvalidArgument(`source: ${why}`)

/** The bytes of a buffer or a view, or nothing if it is neither. */
function bytes(given) {
  if (given instanceof Uint8Array) return given
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  if (given instanceof ArrayBuffer || given instanceof SharedArrayBuffer) return new Uint8Array(given)
}

function* blocks(content) {
  for (let at = 0; at < content.length; at += BLOCK) yield content.subarray(at, at + BLOCK)
}

/** Asks an iterator for bytes when the native part asks, and lets it go when it is no longer asked. */
class Pump {
  #iterator
  #over = false
  #rest

  constructor(iterable) {
    this.#iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]()
  }

  pull = (reply) => {
    this.#piece().then(
      (piece) => reply.done(piece),
      (error) => reply.failed(error)
    )
  }

  async #piece() {
    const pieces = []
    let length = 0
    while (length < ENOUGH) {
      const next = this.#rest?.next() ?? { done: true }
      if (!next.done) {
        pieces.push(next.value)
        length += next.value.length
        continue
      }
      if (this.#over) break
      const { done, value } = await this.#iterator.next()
      if (done) {
        this.#over = true
        break
      }
      const content = bytes(value)
      if (!content) {
        throw refused('a piece of it is not bytes: encode the text, or set no encoding on the stream')
      }
      this.#rest = blocks(content)
    }
    if (pieces.length < 2) return pieces[0]
    return Buffer.concat(pieces, length)
  }

  /** Ends a stream that was not read to its end. */
  end() {
    if (this.#over) return
    this.#over = true
    Promise.resolve(this.#iterator.return?.()).catch(() => {})
  }
}

/** The content as the native part takes it; `ends` gets what is to be done when the call is over. */
function source(given, ends) {
  if (typeof given === 'string') {
    throw refused('a string may be meant as a path or as a text: give { path }, or Buffer.from(text)')
  }
  const content = bytes(given)
  // What is copied at once holds up the event loop; so a large buffer is copied a piece at a time.
  if (content && content.length <= BLOCK) return content
  const stream = content ? blocks(content) : typeof given?.stream === 'function' ? given.stream() : given
  if (stream?.[Symbol.asyncIterator] || stream?.[Symbol.iterator]) {
    const pump = new Pump(stream)
    ends.push(() => pump.end())
    return pump.pull
  }
  if (typeof given?.path === 'string') return { path: given.path }
  if (given?.path instanceof URL) return { path: fileURLToPath(given.path) }
  throw refused('this is no content: give bytes, { path }, a stream, or an (async) iterable of bytes')
}

module.exports = { source }
