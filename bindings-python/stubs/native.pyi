# The types of the native module's blocking half. `stubs.py` writes `python/strongroom/_native.pyi` from it: with the
# asyncio twins, with properties for what is a plain annotation here, and with the docstrings of the module itself.

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Generic, Literal, NoReturn, Protocol, TypedDict, TypeVar, final, overload
from typing_extensions import Required, Self, TypeAlias

from ._feed import AsyncChangeFeed
from ._files import AsyncFile
from ._pages import Page, Pages
from .errors import StrongroomError

_T = TypeVar("_T")

_Role: TypeAlias = Literal["read", "write", "admin"]
_Kind: TypeAlias = Literal["user", "service_account", "recovery"]
_ItemKind: TypeAlias = Literal["item.created", "item.updated", "item.archived", "item.restored", "item.deleted"]
_FileKind: TypeAlias = Literal["file.attached", "file.detached"]
_VaultKind: TypeAlias = Literal["vault.created", "vault.updated", "vault.deleted"]
_AccessKind: TypeAlias = Literal["access.granted", "access.revoked"]
_ChangeKind: TypeAlias = _ItemKind | _FileKind | _VaultKind | _AccessKind
_Change: TypeAlias = ItemChange | FileChange | VaultChange | AccessChange
_FieldType: TypeAlias = Literal[
    "text", "concealed", "email", "url", "totp", "date", "month_year", "phone", "address", "ssh_key", "reference",
    "credit_card_number", "credit_card_type", "menu",
]
_Category: TypeAlias = Literal[
    "login", "password", "secure_note", "document", "api_credential", "ssh_key", "database", "server", "identity",
    "credit_card", "bank_account", "software_license", "email_account", "membership", "passport", "driver_license",
    "medical_record", "outdoor_license", "reward_program", "social_security_number", "wireless_router", "crypto_wallet",
]
_Save: TypeAlias = Callable[[Credential], object]
_Progress: TypeAlias = Callable[[int], object]
_Bytes: TypeAlias = bytes | bytearray | memoryview
_Path: TypeAlias = str | PathLike[str]

class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...

class _AsyncReader(Protocol):
    def read(self, size: int, /) -> Awaitable[bytes]: ...

_Source: TypeAlias = _Bytes | PathLike[str] | _Reader | Iterable[_Bytes]
_AsyncSource: TypeAlias = _Source | _AsyncReader | AsyncIterable[_Bytes]

class _User(TypedDict, total=False):
    email: Required[str]
    name: str | None
    expires_at: datetime | None
    idempotency_key: str | None

class _Grant(TypedDict, total=False):
    vault: Required[str]
    who: Required[str]
    role: Required[_Role]
    expires_at: datetime | None

class _Item(TypedDict, total=False):
    title: Required[str]
    category: _Category | None
    fields: Sequence[Field] | None
    notes: str | None
    tags: Sequence[str] | None
    urls: Sequence[str] | None
    files: Sequence[tuple[str, _Source]] | None
    idempotency_key: str | None

class _AsyncItem(TypedDict, total=False):
    title: Required[str]
    category: _Category | None
    fields: Sequence[Field] | None
    notes: str | None
    tags: Sequence[str] | None
    urls: Sequence[str] | None
    files: Sequence[tuple[str, _AsyncSource]] | None
    idempotency_key: str | None

__version__: str

def error_codes() -> list[str]: ...
def before_exit() -> None: ...
def before_fork() -> None: ...
def after_fork_in_parent() -> None: ...
def main(argv: Sequence[_Path]) -> int: ...
def validate(reference: str) -> None: ...
def drop(location: str) -> None: ...
def init(location: str | None = None, *, owner: str, save: _Save | None = None) -> Credential: ...
def init_async(location: str | None = None, *, owner: str, save: _Save | None = None) -> Awaitable[Credential]: ...
def accept(location: str, code: str, *, save: _Save | None = None) -> Credential: ...
def accept_async(location: str, code: str, *, save: _Save | None = None) -> Awaitable[Credential]: ...
def connect(
    location: str | None = None,
    token: str | None = None,
    *,
    state: _Path | None = None,
    app: str | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    ca_file: _Path | None = None,
    allow_insecure: bool = False,
    accept_restored: bool = False,
) -> Client: ...
def connect_async(
    location: str | None = None,
    token: str | None = None,
    *,
    state: _Path | None = None,
    app: str | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
    ca_file: _Path | None = None,
    allow_insecure: bool = False,
    accept_restored: bool = False,
) -> Awaitable[AsyncClient]: ...

# Results.

@final
class Capabilities:
    users: bool
    user_grants: bool
    changes: bool
    audit: bool
    files: bool

@final
class Principal:
    id: str
    kind: _Kind
    name: str
    email: str | None
    state: Literal["invited", "active", "suspended", "deleted"]
    issued: bool
    expires_at: datetime | None
    can_create_vaults: bool
    can_manage_users: bool
    can_manage_policy: bool
    can_read_audit: bool
    created_at: datetime

@final
class Credential:
    token: str
    recovery: str | None
    principal: Principal
    location: str

@final
class Vault:
    id: str
    name: str
    description: str
    external_id: str | None
    role: _Role
    due: bool
    created_at: datetime
    updated_at: datetime
    created_by: str

@final
class VaultSpec:
    external_id: str | None
    name: str
    description: str | None
    access: dict[str, _Role]
    retain: _Role | None
    idempotency_key: str | None
    def __new__(
        cls,
        external_id: str | None = None,
        *,
        name: str,
        description: str | None = None,
        access: Mapping[str, _Role] | None = None,
        retain: _Role | None = None,
        idempotency_key: str | None = None,
    ) -> Self: ...

@final
class Grant:
    vault_id: str
    principal: Principal
    role: _Role
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    state: Literal["active", "pending", "expired"]

@final
class Field:
    label: str
    value: str
    type: _FieldType
    section: str | None
    def __new__(cls, label: str, value: str, type: _FieldType = "text", section: str | None = None) -> Self: ...

@final
class File:
    id: str
    name: str
    size: int
    content_type: str
    created_at: datetime

@final
class Item:
    id: str
    vault_id: str
    title: str
    category: _Category
    fields: list[Field]
    notes: str
    tags: list[str]
    urls: list[str]
    files: list[File]
    version: int
    archived: bool
    created_at: datetime
    updated_at: datetime
    updated_by: str
    def field(self, label: str, section: str | None = None) -> Field | None: ...
    def reveal(self) -> dict[str, Any]: ...

@final
class ItemSummary:
    id: str
    vault_id: str
    title: str
    category: _Category
    tags: list[str]
    urls: list[str]
    version: int
    archived: bool
    created_at: datetime
    updated_at: datetime
    updated_by: str

@final
class Actor:
    id: str
    kind: _Kind
    name: str

@final
class ItemChange:
    kind: _ItemKind
    vault_id: str
    actor: Actor
    at: datetime
    cursor: str
    item_id: str
    version: int

@final
class FileChange:
    kind: _FileKind
    vault_id: str
    actor: Actor
    at: datetime
    cursor: str
    item_id: str
    file_id: str
    version: int

@final
class VaultChange:
    kind: _VaultKind
    vault_id: str
    actor: Actor
    at: datetime
    cursor: str

@final
class AccessChange:
    kind: _AccessKind
    vault_id: str
    actor: Actor
    at: datetime
    cursor: str
    principal: Principal
    role: _Role | None
    expires_at: datetime | None

@final
class AuditEvent:
    seq: int
    at: datetime
    actor: Actor
    generation: int
    app: str | None
    session: str | None
    action: str
    vault_id: str | None
    target_id: str | None
    detail: str
    hash: str
    evidence: Literal["signed", "observed"]

@final
class AuditProof:
    events: int
    tree_size: int
    root: str

@final
class Policy:
    max_grant: _Role
    email_domains: list[str] | None
    require_expiry_days: int | None
    max_file_bytes: int
    users_may_share: bool
    recovery: bool
    audit_reads: bool
    def __new__(
        cls,
        *,
        max_grant: _Role | None = None,
        email_domains: Sequence[str] | None = None,
        require_expiry_days: int | None = None,
        max_file_bytes: int | None = None,
        users_may_share: bool | None = None,
        recovery: bool | None = None,
        audit_reads: bool | None = None,
    ) -> Self: ...

# What operations that are not in this version will answer. Not there at run time.

class _Invitation(Protocol):
    code: str
    principal: Principal
    expires_at: datetime | None

class _Group(Protocol):
    id: str
    name: str

class _Consumer(Protocol):
    def __iter__(self) -> Iterator[_Change]: ...
    def ack(self, change: _Change) -> None: ...
    def nack(self, change: _Change, *, after: float | None = None) -> None: ...
    def drain(self) -> Iterator[_Change]: ...
    def lag(self) -> int: ...
    def seek(self, cursor: str) -> None: ...
    def dead_letters(self) -> Page[_Change]: ...

class _AsyncConsumer(Protocol):
    def __aiter__(self) -> AsyncIterator[_Change]: ...
    def ack(self, change: _Change) -> Awaitable[None]: ...
    def nack(self, change: _Change, *, after: float | None = None) -> Awaitable[None]: ...
    def drain(self) -> AsyncIterator[_Change]: ...
    def lag(self) -> Awaitable[int]: ...
    def seek(self, cursor: str) -> Awaitable[None]: ...
    def dead_letters(self) -> Pages[_Change]: ...

class _Report(Protocol):
    rows: list[Any]
    failed: list[Any]

class _Plan(Protocol):
    create: list[Any]
    change: list[Any]
    revoke: list[Any]
    same: list[Any]
    empty: bool
    def save(self, path: _Path) -> None: ...
    def apply(
        self, *, save: _Save | None = None, progress: bool | None = None, concurrency: int | None = None
    ) -> _Report: ...

# The client and its namespaces.

@final
class Account:
    id: str
    owner: str
    backend: str
    capabilities: Capabilities
    def transfer(self, to: str) -> None: ...

@final
class Client:
    me: Principal
    account: Account
    vaults: Vaults
    access: Access
    users: Users
    service_accounts: ServiceAccounts
    groups: Groups
    items: Items
    files: Files
    secrets: Secrets
    changes: Changes
    provisioning: Provisioning
    policy: Policies
    audit: Audit
    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Client: ...
    def rotate_token(self, *, save: _Save | None = None) -> str: ...
    def limits(self) -> dict[str, int]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None = None, error: BaseException | None = None, trace: TracebackType | None = None, /
    ) -> None: ...

@final
class Vaults:
    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        external_id: str | None = None,
        access: Mapping[str, _Role] | None = None,
        retain: _Role | None = None,
        idempotency_key: str | None = None,
    ) -> Vault: ...
    def create_many(self, specs: Sequence[VaultSpec]) -> list[Vault | StrongroomError]: ...
    @overload
    def get(self, id: str, *, external_id: None = None, creator: None = None) -> Vault: ...
    @overload
    def get(self, id: None = None, *, external_id: str, creator: str | None = None) -> Vault: ...
    def list(self) -> Page[Vault]: ...
    def update(self, id: str, *, name: str | None = None, description: str | None = None) -> Vault: ...
    def delete(self, id: str) -> None: ...
    def rekey(self, *, ids: Sequence[str] | None = None) -> int: ...

@final
class Access:
    def grant(self, vault: str, who: str, role: _Role, *, expires_at: datetime | None = None) -> Grant: ...
    def grant_many(self, grants: Iterable[_Grant]) -> list[Grant | StrongroomError]: ...
    def revoke(self, vault: str, who: str) -> None: ...
    def list(self, vault: str, *, at: datetime | None = None) -> Page[Grant]: ...
    def matrix(self) -> Page[Grant]: ...
    def approve(self, principal: str, *, vaults: Sequence[str] | None = None) -> int: ...

@final
class Users:
    def invite(self, email: str, *, name: str | None = None) -> _Invitation: ...
    def create(
        self,
        email: str,
        *,
        name: str | None = None,
        expires_at: datetime | None = None,
        save: _Save | None = None,
        idempotency_key: str | None = None,
    ) -> Credential: ...
    def create_many(
        self, users: Iterable[_User], *, save: _Save | None = None
    ) -> list[Credential | StrongroomError]: ...
    def get(self, who: str) -> Principal: ...
    def list(self) -> Page[Principal]: ...
    def suspend(self, who: str) -> Principal: ...
    def reactivate(self, who: str) -> Principal: ...
    def reissue(self, who: str, *, save: _Save | None = None) -> Credential: ...
    def delete(self, who: str, *, successor: str | None = None, erase: bool = False) -> None: ...

@final
class ServiceAccounts:
    def create(
        self,
        name: str,
        *,
        can_create_vaults: bool = False,
        can_manage_users: bool = False,
        can_manage_policy: bool = False,
        can_read_audit: bool = False,
        vaults: Mapping[str, _Role] | None = None,
        expires_at: datetime | None = None,
        save: _Save | None = None,
        idempotency_key: str | None = None,
    ) -> Credential: ...
    def get(self, id: str) -> Principal: ...
    def list(self) -> Page[Principal]: ...
    def update(
        self,
        id: str,
        *,
        name: str | None = None,
        can_create_vaults: bool | None = None,
        can_manage_users: bool | None = None,
        can_manage_policy: bool | None = None,
        can_read_audit: bool | None = None,
        expires_at: datetime | None = None,
    ) -> Principal: ...
    def revoke(self, id: str) -> None: ...
    def reissue(self, id: str, *, save: _Save | None = None) -> Credential: ...

@final
class Groups:
    def create(self, name: str) -> _Group: ...
    def list(self) -> Page[_Group]: ...
    def get(self, id: str) -> _Group: ...
    def add(self, group: str, member: str) -> None: ...
    def remove(self, group: str, member: str) -> None: ...
    def delete(self, id: str) -> None: ...

@final
class Items:
    def create(
        self,
        vault: str,
        *,
        title: str,
        category: _Category | None = None,
        fields: Sequence[Field] | None = None,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        urls: Sequence[str] | None = None,
        files: Sequence[tuple[str, _Source]] | None = None,
        idempotency_key: str | None = None,
    ) -> Item: ...
    def create_many(self, vault: str, items: Iterable[_Item]) -> list[Item | StrongroomError]: ...
    def get(self, vault: str, item: str, *, version: int | None = None) -> Item: ...
    def get_many(self, vault: str, items: Sequence[str]) -> list[Item | StrongroomError]: ...
    def history(self, vault: str, item: str) -> Page[Item]: ...
    def list(
        self, vault: str, *, archived: bool = False, tag: str | None = None, category: _Category | None = None
    ) -> Page[ItemSummary]: ...
    def update(
        self,
        vault: str,
        item: str,
        *,
        title: str | None = None,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        urls: Sequence[str] | None = None,
        set_fields: Sequence[Field] | None = None,
        remove_fields: Sequence[str] | None = None,
        if_version: int | None = None,
    ) -> Item: ...
    def archive(self, vault: str, item: str) -> Item: ...
    def restore(self, vault: str, item: str) -> Item: ...
    def delete(self, vault: str, item: str) -> None: ...

@final
class Files:
    def attach(
        self,
        vault: str,
        item: str,
        name: str,
        source: _Source,
        *,
        content_type: str | None = None,
        replace: str | None = None,
        progress: _Progress | None = None,
        idempotency_key: str | None = None,
    ) -> File: ...
    def read(self, vault: str, item: str, file: str) -> bytes: ...
    def download(
        self, vault: str, item: str, file: str, *, to: _Path, progress: _Progress | None = None
    ) -> None: ...
    def open(self, vault: str, item: str, file: str) -> BinaryIO: ...
    def detach(self, vault: str, item: str, file: str) -> None: ...

@final
class Secrets:
    def resolve(self, reference: str) -> str: ...
    def resolve_many(self, references: Sequence[str]) -> list[str | StrongroomError]: ...

@final
class Changes:
    def cursor(self) -> str: ...
    def list(
        self,
        *,
        after: str | None = None,
        vaults: Sequence[str] | None = None,
        kinds: Sequence[_ChangeKind] | None = None,
        limit: int | None = None,
    ) -> Page[_Change]: ...
    def watch(
        self,
        *,
        after: str | None = None,
        vaults: Sequence[str] | None = None,
        kinds: Sequence[_ChangeKind] | None = None,
    ) -> ChangeFeed: ...
    def consumer(
        self,
        name: str,
        *,
        start: str | None = None,
        vaults: Sequence[str] | None = None,
        kinds: Sequence[_ChangeKind] | None = None,
        lease: float | None = None,
    ) -> _Consumer: ...

@final
class ChangeFeed:
    cursor: str | None
    def close(self) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Change: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None = None, error: BaseException | None = None, trace: TracebackType | None = None, /
    ) -> None: ...

@final
class Provisioning:
    def plan(
        self,
        specs: Sequence[VaultSpec],
        *,
        missing_users: Literal["error", "invite", "create"] | None = None,
        prune: bool | None = None,
    ) -> _Plan: ...
    def load(self, path: _Path) -> _Plan: ...

@final
class Policies:
    def get(self) -> Policy: ...
    def preview(self, policy: Policy) -> list[Any]: ...
    def set(self, policy: Policy, *, if_version: int | None = None) -> Policy: ...

@final
class Audit:
    def list(
        self,
        *,
        actor: str | None = None,
        generation: int | None = None,
        vault: str | None = None,
        action: str | Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
    ) -> Page[AuditEvent]: ...
    def verify(self, *, checkpoint: str | None = None) -> AuditProof: ...
    def checkpoint(self) -> str: ...
    def export(self, path: _Path, *, format: Literal["jsonl", "csv", "ocsf"] | None = None) -> None: ...

# What the package's own modules stand on.

@final
class RawFeed:
    cursor: str | None
    def close(self) -> None: ...
    def ready(self) -> Awaitable[bool]: ...
    def take(self) -> _Change | None: ...

@final
class RawPage(Generic[_T]):
    data: list[_T]
    cursor: str | None
    has_more: bool
    def next_page(self) -> RawPage[_T] | None: ...
    def next_page_async(self) -> Awaitable[RawPage[_T]] | None: ...

@final
class FirstPage(Generic[_T]):
    def fetch(self) -> Awaitable[RawPage[_T]]: ...

@final
class FileReader:
    file: File
    def read_at(self, offset: int, length: int) -> bytes: ...
    def read_at_async(self, offset: int, length: int) -> Awaitable[bytes]: ...
