//! One operation of every kind, in the forms that its body can take, signed with fixed seeds; and bytes that are none.

use serde_json::{Value, json};
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::log::body::{
    AccessCompleted, AccessGranted, AccountCreated, AccountRestored, AccountTransferred, EpochStart, EpochStarted,
    FileReference, GroupCreated, GroupMember, ItemDeleted, ItemWritten, KeySet, MemberGrant, Nothing, PolicyChanged,
    PrincipalAccepted, PrincipalAdded, PrincipalRecoverable, PrincipalReissued, PrincipalRotated, PrincipalUpdated,
    ReadsAnchored, Recipient, RecoveryReplaced, Removal, VaultCreated, VaultUpdated,
};
use strongroom::log::encoding::{Bytes, MaybeId};
use strongroom::log::entry::Entry;
use strongroom::log::feed::Head;
use strongroom::log::operation::{self, At, Body, Operation};
use strongroom::log::signature;
use strongroom::model::id::{AccountId, Id};

use crate::frozen::{diagnostic, flipped, hex, id, id_hex, list, number, read, text, unhex};

const ABOUT: &str = "Operations in CBOR and in its diagnostic notation, the keys whose signatures they need, and the entry \
                     that they make at a place. `upgrade` is of another version or kind; what is invalid is refused.";
const BIG: u64 = u64::MAX >> 1;

fn identity(number: u8) -> Identity {
    Identity::derive(&Seed::from_bytes(&[number; 32])).unwrap()
}

fn key_set(identity: &Identity) -> KeySet {
    let public = identity.public();
    KeySet { sign: Id(public.sign), note: MaybeId(Some(Id(public.note))), kem: MaybeId(Some(public.kem_hash())) }
}

fn some(number: u8) -> Id {
    Id([number; 32])
}

fn recipient(number: u8, generation: u32) -> Recipient {
    Recipient { principal: some(number), generation }
}

fn member(grantee: u8, role: u8, generation: Option<u32>, expires_at: Option<u64>) -> MemberGrant {
    MemberGrant { grantee: some(grantee), role, generation, expires_at }
}

fn epoch(number: u32, previous: Option<Id>, recovery: Option<Recipient>) -> EpochStart {
    let recipients = vec![recipient(1, 1), recipient(2, 300)];
    EpochStart { number, suite: 1, commitment: some(0x31), recipients, previous: MaybeId(previous), recovery }
}

fn written(version: u64, added: Vec<FileReference>, removed: Vec<Id>, archived: bool) -> ItemWritten {
    ItemWritten {
        item: some(0x41),
        version,
        previous: MaybeId((version > 1).then_some(some(0x42))),
        epoch: 2,
        overview: some(0x43),
        details: some(0x44),
        archived,
        added,
        removed,
    }
}

fn file(number: u8, length: u64) -> FileReference {
    FileReference { file: some(number), length, root: some(0x45) }
}

fn bodies() -> Vec<Body> {
    let (owner, recovery, next) = (identity(1), identity(2), identity(3));
    let policy = |email_domains, require_expiry_days| PolicyChanged {
        version: 1,
        max_grant: 2,
        users_may_share: false,
        recovery: true,
        audit_reads: true,
        max_file_bytes: 1 << 34,
        email_domains,
        require_expiry_days,
    };
    let code = KeySet { sign: Id(next.public().sign), note: MaybeId(None), kem: MaybeId(None) };
    let added = |kind, generation, keys, rights, expires_at| PrincipalAdded {
        kind,
        generation,
        keys,
        rights,
        profile: some(0x11),
        expires_at,
    };
    vec![
        Body::AccountCreated(AccountCreated {
            suite: 1,
            owner: key_set(&owner),
            recovery: key_set(&recovery),
            nonce: some(0x10),
        }),
        Body::PolicyChanged(policy(None, None)),
        Body::PolicyChanged(policy(None, Some(90))),
        Body::PolicyChanged(policy(Some(vec!["example.edu".into(), "example.org".into()]), None)),
        Body::PolicyChanged(policy(Some(vec![]), Some(u32::MAX))),
        Body::AccountTransferred(AccountTransferred { to: some(0x12) }),
        Body::RecoveryReplaced(RecoveryReplaced { recovery: some(0x12) }),
        Body::AccountRestored(AccountRestored { last: Head { size: 1_000_000, root: some(0x13) } }),
        Body::ReadsAnchored(ReadsAnchored { chain: some(0x14), count: 70_000, last: some(0x15) }),
        Body::PrincipalAdded(added(0, 1, key_set(&owner), 0b1111, None)),
        Body::PrincipalAdded(added(1, 1, key_set(&next), 0b0011, Some(1_764_000_000_000))),
        Body::PrincipalAdded(added(0, 0, code, 0, Some(1_764_000_000_000))),
        Body::PrincipalUpdated(PrincipalUpdated { rights: 0b0100, profile: some(0x11), expires_at: None }),
        Body::PrincipalUpdated(PrincipalUpdated { rights: 0, profile: some(0x11), expires_at: Some(BIG) }),
        Body::PrincipalSuspended(Nothing {}),
        Body::PrincipalReactivated(Nothing {}),
        Body::PrincipalDeleted(Nothing {}),
        Body::PrincipalRotated(PrincipalRotated { keys: key_set(&next), retired: Bytes::from(vec![0x16; 136]) }),
        Body::PrincipalReissued(PrincipalReissued { keys: key_set(&next) }),
        Body::PrincipalAccepted(PrincipalAccepted { keys: key_set(&next) }),
        Body::PrincipalRecoverable(PrincipalRecoverable {
            recovery: recipient(0x17, 1),
            wrap: Bytes::from(vec![0x18; 1168]),
        }),
        Body::GroupCreated(GroupCreated { name: "teachers".into(), nonce: some(0x21) }),
        Body::GroupCreated(GroupCreated { name: String::new(), nonce: some(0x22) }),
        Body::GroupAdded(GroupMember { member: some(0x23) }),
        Body::GroupRemoved(GroupMember { member: some(0x23) }),
        Body::GroupDeleted(Nothing {}),
        Body::VaultCreated(VaultCreated {
            nonce: some(0x30),
            epoch: epoch(1, None, Some(recipient(0x17, 1))),
            members: vec![member(1, 3, Some(1), None), member(2, 2, Some(300), Some(1_764_000_000_000))],
            name: some(0x32),
            external_id: Some("student-42".into()),
        }),
        Body::VaultCreated(VaultCreated {
            nonce: some(0x30),
            epoch: epoch(1, None, None),
            members: vec![member(1, 3, Some(1), None)],
            name: some(0x32),
            external_id: None,
        }),
        Body::VaultUpdated(VaultUpdated { epoch: 2, name: some(0x32) }),
        Body::VaultDeleted(Nothing {}),
        Body::AccessGranted(AccessGranted {
            epoch: 2,
            members: vec![member(1, 1, Some(0), None), member(9, 2, None, None), member(9, 1, None, Some(BIG))],
            recipients: vec![],
        }),
        Body::AccessGranted(AccessGranted {
            epoch: 2,
            members: vec![member(2, 2, Some(300), None)],
            recipients: vec![recipient(2, 300)],
        }),
        Body::AccessCompleted(AccessCompleted { epoch: 2, grant: 24, recipient: recipient(2, 1) }),
        Body::EpochStarted(EpochStarted { epoch: epoch(2, Some(some(0x33)), None), name: some(0x32), removes: vec![] }),
        Body::EpochStarted(EpochStarted {
            epoch: epoch(256, Some(some(0x33)), Some(recipient(0x17, 2))),
            name: some(0x32),
            removes: vec![
                Removal { grantee: some(3), reason: 0, role: None },
                Removal { grantee: some(4), reason: 1, role: Some(1) },
                Removal { grantee: some(5), reason: 2, role: None },
            ],
        }),
        Body::ItemPut(written(1, vec![file(0x46, 72), file(0x47, BIG)], vec![], false)),
        Body::ItemPut(written(24, vec![], vec![], true)),
        Body::ItemDeleted(ItemDeleted { item: some(0x41), version: 65_536, previous: MaybeId(Some(some(0x42))) }),
        Body::FileAttached(written(2, vec![file(0x46, 1_049_657)], vec![some(0x47)], false)),
        Body::FileDetached(written(3, vec![], vec![some(0x46)], false)),
    ]
}

/// The operation of a body, and who signs it.
fn operation(number: u64, body: Body) -> (Operation, Vec<Identity>) {
    let alone = matches!(&body, Body::AccountCreated(_) | Body::ReadsAnchored(_))
        || matches!(&body, Body::PrincipalAdded(body) if body.rights == 0b1111);
    let begins = matches!(&body, Body::AccountCreated(_) | Body::PrincipalAdded(_) | Body::GroupCreated(_));
    let signers = match &body {
        Body::ReadsAnchored(_) => vec![],
        Body::PrincipalRotated(_) | Body::PrincipalAccepted(_) => vec![identity(1), identity(3)],
        _ => vec![identity(1)],
    };
    let sizes = [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, BIG];
    let place = usize::try_from(number).unwrap() % sizes.len();
    let operation = Operation {
        account: (!matches!(&body, Body::AccountCreated(_))).then_some(AccountId(some(0xa1))),
        log: (!begins).then_some(some(0xa2)),
        signer: (!alone).then_some(some(0xa3)),
        generation: if alone { 1 } else { u32::try_from(number % 3).unwrap() * 12 },
        id: Id([u8::try_from(number).unwrap(); 32]),
        at: if begins { At::empty() } else { Head { size: sizes[place], root: some(0xa4) } },
        seen: if alone { Head::empty() } else { Head { size: sizes[sizes.len() - 1 - place], root: some(0xa5) } },
        body,
    };
    (operation, signers)
}

fn entry(number: u64, operation: &[u8], signatures: &[Vec<u8>]) -> Entry {
    Entry {
        seq: number * 1_000,
        time: 1_764_000_000_000 + number,
        operation: Bytes::from(operation.to_vec()),
        signatures: signatures.iter().cloned().map(Bytes::from).collect(),
    }
}

fn replaced(bytes: &[u8], at: usize, remove: usize, with: &[u8]) -> Vec<u8> {
    [&bytes[..at], with, &bytes[at + remove..]].concat()
}

pub(crate) fn made() -> Value {
    let mut operations = Vec::new();
    for (number, body) in (0..).zip(bodies()) {
        let (name, log) = (body.name(), body.log_kind().as_str());
        let code = body.code();
        let (operation, signers) = operation(number, body);
        let bytes = operation.to_bytes();
        let message = operation::message(&bytes);
        let signatures: Vec<Vec<u8>> = signers.iter().map(|signer| signer.sign(&message).to_vec()).collect();
        let entry = entry(number, &bytes, &signatures);
        operations.push(json!({
            "kind": name,
            "code": code,
            "log": log,
            "diagnostic": diagnostic(&bytes),
            "operation": hex(&bytes),
            "hash": id_hex(operation::hash(&bytes)),
            "keys": signers.iter().map(|signer| hex(signer.public().sign)).collect::<Vec<_>>(),
            "signatures": signatures.iter().map(hex).collect::<Vec<_>>(),
            "entry": { "seq": entry.seq, "time": entry.time, "bytes": hex(entry.to_bytes()), "hash": id_hex(entry.hash()) },
        }));
    }
    json!({ "about": ABOUT, "operations": operations, "upgrade": upgrade(), "invalid": invalid(), "forged": forged() })
}

fn deleted() -> Vec<u8> {
    operation(12, Body::VaultDeleted(Nothing {})).0.to_bytes()
}

fn wrong(about: &str, bytes: &[u8]) -> Value {
    json!({ "about": about, "bytes": hex(bytes) })
}

fn upgrade() -> Vec<Value> {
    let good = deleted();
    vec![
        wrong("version 2", &replaced(&good, 1, 1, &[2])),
        wrong("version 255", &replaced(&good, 1, 1, &[0x18, 0xff])),
        wrong("kind 99", &replaced(&good, 3, 1, &[99])),
        wrong("kind 7", &replaced(&good, 2, 2, &[7])),
        wrong("kind 65535", &replaced(&good, 2, 2, &[0x19, 0xff, 0xff])),
        wrong("version 2 of eleven parts", &replaced(&[&good[..], &[0]].concat(), 0, 2, &[0x8b, 2])),
    ]
}

fn invalid() -> Vec<Value> {
    let good = deleted();
    assert_eq!(good[..4], [0x8a, 1, 0x18, 32]);
    let end = good.len();
    let (granted, _) = operation(
        12,
        Body::AccessGranted(AccessGranted {
            epoch: 2,
            members: vec![member(2, 2, None, None)],
            recipients: vec![recipient(2, 300)],
        }),
    );
    let granted = granted.to_bytes();
    let at = granted.windows(3).rposition(|window| window == [0x81, 0x82, 0x58]).unwrap();
    let members = granted[..at].windows(3).rposition(|window| window == [0x81, 0x82, 0x58]).unwrap();
    let grant_end = members + 2 + 34 + 1;
    let mut invalid = vec![
        wrong("nothing", &[]),
        wrong("a number", &[0]),
        wrong("cut behind the version", &good[..2]),
        wrong("the last byte missing", &good[..end - 1]),
        wrong("a byte behind", &[&good[..], &[0]].concat()),
        wrong("itself behind itself", &[&good[..], &good[..]].concat()),
        wrong("version 0", &replaced(&good, 1, 1, &[0])),
        wrong("version 1 in two bytes", &replaced(&good, 1, 1, &[0x18, 1])),
        wrong("version as text", &replaced(&good, 1, 1, &[0x61, b'1'])),
        wrong("version -1", &replaced(&good, 1, 1, &[0x20])),
        wrong("kind in three bytes", &replaced(&good, 2, 2, &[0x19, 0, 32])),
        wrong("nine parts", &replaced(&good[..end - 1], 0, 1, &[0x89])),
        wrong("eleven parts", &replaced(&[&good[..], &[0]].concat(), 0, 1, &[0x8b])),
        wrong("an array without an end", &[&replaced(&good, 0, 1, &[0x9f])[..], &[0xff]].concat()),
        wrong("the array's length in two bytes", &replaced(&good, 0, 1, &[0x98, 10])),
        wrong("a tag before it", &[&[0xc1], &good[..]].concat()),
        wrong("an account of 31 bytes", &replaced(&good, 4, 34, &[&[0x58, 31][..], &[0xa1; 31]].concat())),
        wrong("an account of 33 bytes", &replaced(&good, 4, 34, &[&[0x58, 33][..], &[0xa1; 33]].concat())),
        wrong("an account that is null", &replaced(&good, 4, 34, &[0xf6])),
        wrong("an account in pieces", &replaced(&good, 4, 34, &[&[0x5f, 0x58, 32][..], &[0xa1; 32], &[0xff]].concat())),
        wrong("an account of a length in three bytes", &replaced(&good, 4, 2, &[0x59, 0, 32])),
        wrong("a body that is null", &replaced(&good, end - 1, 1, &[0xf6])),
        wrong("a body with a position too many", &replaced(&good, end - 1, 1, &[0x81, 0])),
        wrong("a body that is a map", &replaced(&good, end - 1, 1, &[0xa0])),
        wrong("an array of 2^64 - 1 parts", &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        wrong("a byte string of 2^63 bytes", &replaced(&good, 4, 34, &[0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0])),
        wrong("a thousand arrays in each other", &[0x81; 1_000]),
        wrong("a thousand arrays in its body", &replaced(&good, end - 1, 1, &[0x81; 1_000])),
        wrong("a generation beyond 32 bits", &replaced(&good, 106, 1, &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0])),
    ];
    // [grantee, role] and then what may be empty: written out at the end, it is another form.
    assert_eq!(granted[members + 1], 0x82);
    invalid.extend([
        wrong("an empty position written out at the end", &{
            let longer = replaced(&granted, grant_end, 0, &[0xf6]);
            replaced(&longer, members + 1, 1, &[0x83])
        }),
        wrong("two empty positions written out at the end", &{
            let longer = replaced(&granted, grant_end, 0, &[0xf6, 0xf6]);
            replaced(&longer, members + 1, 1, &[0x84])
        }),
        wrong("a position that may not be empty is left out", &{
            let shorter = replaced(&granted, grant_end - 1, 1, &[]);
            replaced(&shorter, members + 1, 1, &[0x81])
        }),
    ]);
    invalid
}

/// Signatures that are not of the key over these bytes.
fn forged() -> Vec<Value> {
    let signer = identity(1);
    let bytes = deleted();
    let good = signer.sign(&operation::message(&bytes));
    let mut order = good;
    // S + L, the second spelling of the same S.
    let l = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10_u8,
    ];
    let mut carry = 0;
    for (byte, l) in order[32..].iter_mut().zip(l) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        (*byte, carry) = (u8::try_from(sum & 0xff).unwrap(), sum >> 8);
    }
    let key = signer.public().sign;
    let forged = |about: &str, key: [u8; 32], operation: &[u8], signature: &[u8]| json!({ "about": about, "key": hex(key), "operation": hex(operation), "signature": hex(signature) });
    vec![
        forged("a bit of R", key, &bytes, &flipped(&good, 0)),
        forged("a bit of S", key, &bytes, &flipped(&good, 63)),
        forged("S beyond the order", key, &bytes, &order),
        forged("a bit of the operation", key, &flipped(&bytes, 40), &good),
        forged("another key", identity(2).public().sign, &bytes, &good),
        forged("the note key", signer.public().note, &bytes, &good),
        forged("over the bytes without their label", key, &bytes, &signer.sign(&bytes)),
        forged("cut", key, &bytes, &good[..63]),
        forged("longer", key, &bytes, &[&good[..], &[0]].concat()),
        forged("of nothing", key, &bytes, &[]),
        forged("zeros, by the neutral element", [&[1][..], &[0; 31]].concat().try_into().unwrap(), &bytes, &[0; 64]),
    ]
}

#[test]
fn operations_are_what_they_were() {
    let vectors = read("operations");
    assert_eq!(vectors, made());
    let mut codes: Vec<u64> = Vec::new();
    for vector in list(&vectors["operations"]) {
        let bytes = unhex(&vector["operation"]);
        let read = Operation::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!((read.body.name(), u64::from(read.body.code())), (text(&vector["kind"]), number(&vector["code"])));
        assert_eq!(operation::hash(&bytes), id(&vector["hash"]));
        let signatures: Vec<Vec<u8>> = vector["signatures"].as_array().unwrap().iter().map(unhex).collect();
        for (key, made) in vector["keys"].as_array().unwrap().iter().zip(&signatures) {
            let key = signature::accept_key(&unhex(key).try_into().unwrap()).unwrap();
            signature::verify(&key, &operation::message(&bytes), made).unwrap();
        }
        let entry = Entry::from_bytes(&unhex(&vector["entry"]["bytes"])).unwrap();
        assert_eq!(entry.hash(), id(&vector["entry"]["hash"]));
        assert_eq!(entry.operation.as_slice(), bytes);
        codes.push(number(&vector["code"]));
    }
    codes.dedup();
    let known: Vec<u64> = (0..=99_u16)
        .filter(|code| {
            let bytes = replaced(&deleted(), 2, 2, &minicbor::to_vec(*code).unwrap());
            Operation::from_bytes(&bytes).err().is_none_or(|error| error.code() != "unsupported")
        })
        .map(u64::from)
        .collect();
    assert_eq!(codes, known, "one of every kind, in their order");
}

#[test]
fn other_versions_and_kinds_ask_for_an_upgrade_and_other_forms_are_refused() {
    let vectors = read("operations");
    for (kind, code) in [("upgrade", "unsupported"), ("invalid", "tampered")] {
        for vector in list(&vectors[kind]) {
            let refused = Operation::from_bytes(&unhex(&vector["bytes"]));
            assert_eq!(refused.unwrap_err().code(), code, "{}", vector["about"]);
        }
    }
    for vector in list(&vectors["forged"]) {
        let message = operation::message(&unhex(&vector["operation"]));
        let verified = signature::accept_key(&unhex(&vector["key"]).try_into().unwrap())
            .and_then(|key| signature::verify(&key, &message, &unhex(&vector["signature"])));
        assert_eq!(verified.unwrap_err().code(), "tampered", "{}", vector["about"]);
    }
}
