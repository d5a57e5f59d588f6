'use strict'

// Vaults made, shared, watched and audited by program. CommonJS, which `import { init } from 'strongroom'` reads as well.

const { inspect } = require('node:util')
const native = require('./lib/native')
const { atOnce, dress } = require('./lib/call')
const errors = require('./lib/errors').classes
const records = require('./lib/records')
const { Page, Pages } = require('./lib/pages')
const { ChangeFeed } = require('./lib/feed')
const { OpenedFile } = require('./lib/opened')

records.makers.FileReader = (reader) => new OpenedFile(reader, records.makers.File(reader.file))
dress()

const { Client, Changes, Connecting } = native

/** Puts something in the place of a native getter or method. */
function replace(Class, name, kind, make) {
  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name)
  Object.defineProperty(Class.prototype, name, { ...descriptor, enumerable: false, [kind]: make(descriptor[kind]) })
}

const SPACES = [
  ...['vaults', 'access', 'users', 'serviceAccounts', 'items', 'files', 'changes', 'secrets', 'audit'],
  ...['groups', 'provisioning', 'policy', 'accountCalls']
]
for (const space of SPACES) {
  // Made at the first use, then the client's own.
  replace(Client, space, 'get', (get) => function () {
    const value = get.call(this)
    Object.defineProperty(this, space, { value })
    return value
  })
}
replace(Client, 'me', 'get', (get) => function () {
  return records.makers.Principal(get.call(this))
})
replace(Client, 'account', 'get', (get) => function () {
  return new records.classes.Account(get.call(this), this.accountCalls)
})
replace(Client, 'withOptions', 'value', (original) => function withOptions(limits) {
  return atOnce('with_options', withOptions, () => original.call(this, limits))
})
for (const name of ['watch', 'consumer']) {
  replace(Changes, name, 'value', (original) => function followed(...args) {
    const options = args.find((arg) => arg !== null && typeof arg === 'object')
    const { signal, ...rest } = options ?? {}
    const given = args.map((arg) => (arg === options ? rest : arg))
    return new ChangeFeed(atOnce(`changes.${name}`, followed, () => original.apply(this, given)), signal)
  })
}

Client.prototype[Symbol.asyncDispose] = function () {
  return this.close()
}
Client.prototype[inspect.custom] = function () {
  return `<strongroom.Client of ${this.me.id}>`
}
Client.prototype.toJSON = function () {
  return { me: this.me }
}

const connecting = new Connecting()
const secrets = {
  validate: function validate(reference) {
    atOnce('secrets.validate', validate, () => native.validate(reference))
  },
  generate: function generate() {
    throw new errors.Unsupported('secrets.generate is not in this version: use node:crypto', {
      operation: 'secrets.generate'
    })
  }
}

exports.init = connecting.init.bind(connecting)
exports.connect = connecting.connect.bind(connecting)
exports.accept = connecting.accept.bind(connecting)
exports.drop = function drop(location) {
  atOnce('drop', drop, () => native.drop(location))
}
exports.secrets = Object.freeze(secrets)
exports.version = native.VERSION

exports.Client = Client
exports.Access = native.Access
exports.Audit = native.Audit
exports.Changes = native.Changes
exports.Files = native.Files
exports.Groups = native.Groups
exports.Items = native.Items
exports.Policies = native.Policies
exports.Provisioning = native.Provisioning
exports.Secrets = native.Secrets
exports.ServiceAccounts = native.ServiceAccounts
exports.Users = native.Users
exports.Vaults = native.Vaults
exports.ChangeFeed = ChangeFeed
exports.OpenedFile = OpenedFile
exports.Page = Page
exports.Pages = Pages

exports.Account = records.classes.Account
exports.Actor = records.classes.Actor
exports.AuditEvent = records.classes.AuditEvent
exports.AuditProof = records.classes.AuditProof
exports.Capabilities = records.classes.Capabilities
exports.Credential = records.classes.Credential
exports.Field = records.classes.Field
exports.File = records.classes.File
exports.Grant = records.classes.Grant
exports.Item = records.classes.Item
exports.ItemSummary = records.classes.ItemSummary
exports.Principal = records.classes.Principal
exports.Vault = records.classes.Vault
exports.ItemChange = records.classes.ItemChange
exports.FileChange = records.classes.FileChange
exports.VaultChange = records.classes.VaultChange
exports.AccessChange = records.classes.AccessChange

exports.StrongroomError = errors.StrongroomError
exports.InvalidArgument = errors.InvalidArgument
exports.Unauthenticated = errors.Unauthenticated
exports.PermissionDenied = errors.PermissionDenied
exports.PolicyViolation = errors.PolicyViolation
exports.NotFound = errors.NotFound
exports.AlreadyExists = errors.AlreadyExists
exports.Conflict = errors.Conflict
exports.RateLimited = errors.RateLimited
exports.Tampered = errors.Tampered
exports.Unavailable = errors.Unavailable
exports.DeadlineExceeded = errors.DeadlineExceeded
exports.Unsupported = errors.Unsupported
