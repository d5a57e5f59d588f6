'use strict'

// What `files.open` answers.

const { Readable } = require('node:stream')
const { classes } = require('./errors')

const BLOCK = 1 << 20

/** A file opened for reading at any place. Only the pieces that are touched are fetched and checked. */
class OpenedFile {
  #reader
  #closed = false

  constructor(reader, file) {
    this.#reader = reader
    this.file = file
    Object.defineProperty(this, 'file', { writable: false })
  }

  async readAt(offset, length, options) {
    if (this.#closed) throw new classes.InvalidArgument('the file is closed: open it again')
    const pieces = []
    let found = 0
    while (found < length) {
      const piece = await this.#reader.readAt(offset + found, Math.min(length - found, BLOCK), options)
      if (piece.length === 0) break
      pieces.push(piece)
      found += piece.length
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, found)
  }

  stream({ start = 0, end = Infinity, signal } = {}) {
    const options = signal && { signal }
    return Readable.from(this.#pieces(start, Math.min(end, this.file.size), options), { objectMode: false })
  }

  async *#pieces(start, end, options) {
    for (let at = start; at < end; ) {
      const piece = await this.readAt(at, Math.min(end - at, BLOCK), options)
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  }

  [Symbol.asyncIterator]() {
    return this.#pieces(0, this.file.size)
  }

  async close() {
    this.#closed = true
  }

  async [Symbol.asyncDispose]() {
    this.#closed = true
  }
}

module.exports = { OpenedFile }
