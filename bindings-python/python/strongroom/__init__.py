"""Vaults made, shared, watched and audited by program: end-to-end encrypted, over an embedded store.

>>> kit = strongroom.init("memory:", owner="teacher@example.edu")
>>> admin = strongroom.connect(kit.location, kit.token)
>>> vault = admin.vaults.create("Alice", external_id="student-42")
>>> item = admin.items.create(vault.id, title="Homework 1", fields=[Field("password", "hunter2", type="concealed")])
>>> item.field("password")
Field(label='password', value=***, type='concealed', section=None)
>>> item.field("password").value
'hunter2'
>>> admin.close()
"""

from __future__ import annotations

from . import _exit as _exit
from . import _fork as _fork
from . import errors, secrets
from ._connect import Connecting, connect_async
from ._feed import AsyncChangeFeed
from ._files import AsyncFile
from ._native import (
    AccessChange,
    Account,
    Actor,
    AsyncAccount,
    AsyncClient,
    AuditEvent,
    AuditProof,
    Capabilities,
    ChangeFeed,
    Client,
    Credential,
    Field,
    File,
    FileChange,
    Grant,
    Item,
    ItemChange,
    ItemSummary,
    Policy,
    Principal,
    Vault,
    VaultChange,
    VaultSpec,
    __version__,
    accept,
    accept_async,
    connect,
    drop,
    init,
    init_async,
)
from ._pages import AsyncPage, Page, Pages
from .errors import (
    AlreadyExists,
    Conflict,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PolicyViolation,
    RateLimited,
    StrongroomError,
    Tampered,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

Change = ItemChange | FileChange | VaultChange | AccessChange
"""Any change, told apart by `kind`."""

__all__ = [
    "AccessChange",
    "Account",
    "Actor",
    "AlreadyExists",
    "AsyncAccount",
    "AsyncChangeFeed",
    "AsyncClient",
    "AsyncFile",
    "AsyncPage",
    "AuditEvent",
    "AuditProof",
    "Capabilities",
    "Change",
    "ChangeFeed",
    "Client",
    "Conflict",
    "Connecting",
    "Credential",
    "DeadlineExceeded",
    "Field",
    "File",
    "FileChange",
    "Grant",
    "InvalidArgument",
    "Item",
    "ItemChange",
    "ItemSummary",
    "NotFound",
    "Page",
    "Pages",
    "PermissionDenied",
    "Policy",
    "PolicyViolation",
    "Principal",
    "RateLimited",
    "StrongroomError",
    "Tampered",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
    "Vault",
    "VaultChange",
    "VaultSpec",
    "__version__",
    "accept",
    "accept_async",
    "connect",
    "connect_async",
    "drop",
    "errors",
    "init",
    "init_async",
    "secrets",
]
