'use strict'

// The results: frozen objects. What is secret in them is no property of their own, so that it is neither printed nor copied.

const { inspect } = require('node:util')
const native = require('./native')
const { here, thrown } = require('./errors')

const MASK = '***'

class Record {
  constructor(members) {
    Object.assign(this, members)
    Object.freeze(this)
  }
}

/** Lets a class show `shown` of its objects wherever they are printed. */
function masks(Class, shown) {
  Class.prototype.toJSON = function () {
    return shown(this)
  }
  Class.prototype[inspect.custom] = function (depth, options, print) {
    return depth < 0 ? `[${Class.name}]` : `${Class.name} ${print(shown(this), options)}`
  }
  for (const name of ['toJSON', inspect.custom]) Object.defineProperty(Class.prototype, name, { enumerable: false })
}

class Account extends Record {
  #calls
  constructor({ capabilities, ...members }, calls) {
    super({ ...members, capabilities: new Capabilities(capabilities) })
    this.#calls = calls
  }

  transfer(...args) {
    return this.#calls.transfer(...args)
  }
}

class Capabilities extends Record {}
class Actor extends Record {}
class AuditProof extends Record {}
class File extends Record {}
class ItemSummary extends Record {}
class Principal extends Record {}
class Vault extends Record {}

class AuditEvent extends Record {
  constructor({ actor, ...members }) {
    super({ ...members, actor: new Actor(actor) })
  }
}

class Grant extends Record {
  constructor({ principal, ...members }) {
    super({ ...members, principal: new Principal(principal) })
  }
}

class Change extends Record {
  constructor({ actor, ...members }) {
    super({ ...members, actor: new Actor(actor) })
  }
}

class ItemChange extends Change {}
class FileChange extends Change {}
class VaultChange extends Change {}

class AccessChange extends Change {
  constructor({ principal, ...members }) {
    super({ ...members, principal: new Principal(principal) })
  }
}

const CHANGES = { item: ItemChange, file: FileChange, vault: VaultChange, access: AccessChange }

class Credential extends Record {
  #token
  #recovery
  constructor({ token, recovery, principal, location }) {
    super({ principal: new Principal(principal), location })
    this.#token = token
    this.#recovery = recovery
  }

  get token() {
    return this.#token
  }

  get recovery() {
    return this.#recovery
  }
}

masks(Credential, ({ recovery, principal, location }) => ({
  token: MASK,
  ...(recovery === undefined ? {} : { recovery: MASK }),
  principal,
  location
}))

const concealed = new Map()

/** Whether values of a type are masked; the core says, and refuses a type that is none. */
function isConcealed(type, caller) {
  let masked = concealed.get(type)
  if (masked === undefined) {
    try {
      masked = native.isConcealed(type)
    } catch (error) {
      throw thrown(error, here(caller))
    }
    concealed.set(type, masked)
  }
  return masked
}

class Field extends Record {
  #value
  constructor(label, value, { type = 'text', section } = {}) {
    isConcealed(type, Field)
    super({ label, type, ...(section == null ? {} : { section }) })
    this.#value = value
  }

  get value() {
    return this.#value
  }
}

const shownField = ({ label, value, type, section }, reveal) => ({
  label,
  value: isConcealed(type) && !reveal ? MASK : value,
  type,
  ...(section === undefined ? {} : { section })
})
masks(Field, shownField)

class Item extends Record {
  constructor({ fields, tags, urls, files, ...members }) {
    super({
      ...members,
      fields: Object.freeze(fields.map(({ label, value, ...options }) => new Field(label, value, options))),
      tags: Object.freeze(tags),
      urls: Object.freeze(urls),
      files: Object.freeze(files.map((file) => new File(file)))
    })
  }

  field(label, { section } = {}) {
    return this.fields.find((field) => field.label === label && field.section === (section ?? undefined))
  }

  reveal() {
    return {
      ...this,
      fields: this.fields.map((field) => shownField(field, true)),
      tags: [...this.tags],
      urls: [...this.urls],
      files: this.files.map((file) => ({ ...file }))
    }
  }
}

const classes = {
  Account,
  Actor,
  AuditEvent,
  AuditProof,
  Capabilities,
  Credential,
  Field,
  File,
  Grant,
  Item,
  ItemSummary,
  Principal,
  Vault,
  ItemChange,
  FileChange,
  VaultChange,
  AccessChange
}

/** How answers of these names become records; what is not here stays as it is. */
const makers = { Change: (raw) => new CHANGES[raw.kind.split('.')[0]](raw) }
makers.NextChange = (raw) => raw && makers.Change(raw)
for (const [name, Class] of Object.entries(classes)) makers[name] = (raw) => new Class(raw)

module.exports = { classes, makers, masks }
