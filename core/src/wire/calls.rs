//! The calls of an authority: each with its path, its request and its answer. Server and client are both made of this list.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Key, LONGEST_LIST, rows, states, submission};

/// Gives `$with` every call of a session: those whose body is one form, and those whose body names arguments.
macro_rules! calls {
    ($with:ident) => {
        $with! {
            {
                /// Tells the states of logs, their new entries, and the proofs.
                states "/v1/states" "Logs" (states::StatesRequest = authority::StatesRequest)
                    -> states::States = authority::States;
                /// Tells what the tables hold, page by page; for those who may read the whole audit.
                tables "/v1/audit/tables" "Audit" (tables::TablesRequest = authority::TablesRequest)
                    -> tables::Tables = authority::Tables;
            }
            {
                /// Takes signed operations, in one commit; each row stands or fails by itself.
                submit "/v1/operations" "Operations" Submit(submissions: Vec<authority::Submission>)
                    -> Vec<refusal::SubmissionOutcome> = Vec<Result<authority::Submitted>>;
                /// Finds the caller's own operations by their ids.
                find_operations "/v1/operations/find" "Operations" FindOperations(of: Vec<(Option<LogId>, Id)>)
                    -> Vec<Option<Octets>> = Vec<Option<Vec<u8>>>;
                /// Stops taking anything from a signer for a minute; answers the head that covers what was taken.
                hold "/v1/operations/hold" "Operations" Hold(signer: Id, vault: Option<Id>)
                    -> states::Head = Head;
                /// Names places of entries in the feed.
                feed "/v1/changes" "Changes" Feed(from: u64, vaults: Option<Vec<Id>>, limit: u32)
                    -> rows::FeedPage = authority::FeedPage;
                /// Tells the whole feed, leaf by leaf; for those who may read the whole audit.
                export "/v1/audit/export" "Audit" Export(from: u64, limit: u32)
                    -> Vec<rows::AuditRow> = Vec<authority::AuditRow>;
                /// Names entries that the caller may audit.
                audit "/v1/audit/entries" "Audit" Audit(from: u64, limit: u32)
                    -> rows::AuditPage = authority::AuditPage;
                /// Tells reads and refusals that the caller may audit.
                reads "/v1/audit/reads" "Audit" Reads(filter: ReadsFilter, from: u64, limit: u32)
                    -> rows::ReadsPage = authority::ReadsPage;
                /// Tells all reads and refusals, one by one; for those who may read the whole audit.
                export_reads "/v1/audit/reads/export" "Audit" ExportReads(from: u64, limit: u32)
                    -> Vec<rows::ReadRow> = Vec<ReadRow>;
                /// Tells where the chains of reads stand; for those who may read the whole audit.
                chains "/v1/audit/chains" "Audit" Chains()
                    -> Vec<rows::Chain> = Vec<Chain>;
                /// Tells the profiles of principals; null for those whom the caller may not know.
                profiles "/v1/principals/profiles" "Principals" Profiles(principals: Vec<Id>)
                    -> Vec<Option<rows::Profile>> = Vec<Option<authority::Profile>>;
                /// Finds principals by their addresses; null for those whom the caller may not know.
                find_principals "/v1/principals/find" "Principals" FindPrincipals(emails: Vec<String>)
                    -> Vec<Option<Key>> = Vec<Option<Id>>;
                /// Lists principals of a kind: 0 users, 1 service accounts, 2 recovery keys.
                principals "/v1/principals" "Principals" Principals(kind: u8, from: u64, limit: u32)
                    -> rows::Ids = authority::Ids;
                /// Tells the X-Wing keys of principals.
                kem_keys "/v1/principals/kem-keys" "Principals" KemKeys(of: Vec<Recipient>)
                    -> Vec<Octets> = Vec<Vec<u8>>;
                /// Lists the caller's vaults.
                vaults "/v1/vaults" "Vaults" Vaults(from: u64, limit: u32)
                    -> rows::Ids = authority::Ids;
                /// Lists vaults that somebody is in, as far as the caller may know of them.
                vaults_of "/v1/vaults/of" "Vaults" VaultsOf(who: Id, from: u64, limit: u32)
                    -> rows::Ids = authority::Ids;
                /// Counts the vaults in which nobody but somebody, and the recovery key, could let anybody in.
                last_in "/v1/vaults/last-in" "Vaults" LastIn(who: Id)
                    -> u64 = u64;
                /// Finds a vault by its creator and external id.
                find_vault "/v1/vaults/find" "Vaults" FindVault(creator: Id, external_id: String)
                    -> Option<Key> = Option<Id>;
                /// Tells the sealed name, and the caller's sealed keys, of vaults.
                vault_rows "/v1/vaults/rows" "Vaults" GetVaultRows(vaults: Vec<Id>)
                    -> Vec<refusal::VaultOutcome> = Vec<Result<authority::VaultRows>>;
                /// Refuses unless the caller's role in a vault is at least this.
                may "/v1/vaults/may" "Vaults" May(vault: Id, need: Role)
                    -> () = ();
                /// Tells when a member last signed in a vault, in milliseconds since 1970.
                last_signed "/v1/vaults/last-signed" "Vaults" LastSigned(vault: Id, signer: Id)
                    -> Option<u64> = Option<u64>;
                /// Tells versions of items with their proofs.
                items "/v1/items" "Items" Items(vault: Id, size: u64, of: Vec<(Id, Option<u64>)>, reading: Reading)
                    -> Vec<refusal::ItemOutcome> = Vec<Result<authority::ItemAnswer>>;
                /// Tells the hashes of a file's pieces, and the entry that attached it.
                file "/v1/files" "Files" File(vault: Id, size: u64, file: Id)
                    -> rows::FileAnswer = authority::FileAnswer;
            }
        }
    };
}

pub(crate) use calls;

macro_rules! requests {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $of:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$doc])* pub $field: $of,)* }
    )*};
}

requests! {
    /// Asks for a challenge.
    Challenging {
        /// Who.
        principal: Key,
        /// The public key of the signing key in use.
        key: Key,
    }

    /// Signed operations.
    Submit {
        /// In order; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        submissions: Vec<submission::Submission>,
    }

    /// Operations by their ids.
    FindOperations {
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        of: Vec<rows::OperationId>,
    }

    /// A hold.
    Hold {
        /// Whom to take nothing from.
        signer: Key,
        /// In which vault; null: anywhere.
        vault: Option<Key>,
    }

    /// A page of the feed.
    Feed {
        /// The first place.
        from: u64,
        /// Of which vaults; null: of all that the caller may see.
        #[serde(default, deserialize_with = "list_if_any")]
        vaults: Option<Vec<Key>>,
        /// How many places at most.
        limit: u32,
    }

    /// A page of the whole feed.
    Export {
        /// The first place.
        from: u64,
        /// How many leaves at most.
        limit: u32,
    }

    /// A page of entries for the audit.
    Audit {
        /// The first place.
        from: u64,
        /// How many entries at most.
        limit: u32,
    }

    /// A page of reads and refusals.
    Reads {
        /// Which.
        filter: rows::ReadsFilter,
        /// The first place.
        from: u64,
        /// How many at most.
        limit: u32,
    }

    /// A page of all reads and refusals.
    ExportReads {
        /// The first place.
        from: u64,
        /// How many at most.
        limit: u32,
    }

    /// Nothing but the question.
    Chains {}

    /// Principals by their ids.
    Profiles {
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        principals: Vec<Key>,
    }

    /// Principals by their addresses.
    FindPrincipals {
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        emails: Vec<String>,
    }

    /// A page of principals.
    Principals {
        /// Of which kind.
        kind: u8,
        /// The first, in order of creation.
        from: u64,
        /// How many at most.
        limit: u32,
    }

    /// Principals, each at one generation of its keys.
    KemKeys {
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        of: Vec<rows::Recipient>,
    }

    /// A page of vaults.
    Vaults {
        /// The first, in order of creation.
        from: u64,
        /// How many at most.
        limit: u32,
    }

    /// A page of somebody's vaults.
    VaultsOf {
        /// Whose.
        who: Key,
        /// The first, in order of creation.
        from: u64,
        /// How many at most.
        limit: u32,
    }

    /// Somebody.
    LastIn {
        /// Who.
        who: Key,
    }

    /// A vault by its external id.
    FindVault {
        /// Who made it.
        creator: Key,
        /// The creator's own name for it.
        external_id: String,
    }

    /// Vaults by their ids.
    GetVaultRows {
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        vaults: Vec<Key>,
    }

    /// A role in a vault.
    May {
        /// Which vault.
        vault: Key,
        /// The least role.
        need: rows::Role,
    }

    /// A member of a vault.
    LastSigned {
        /// Which vault.
        vault: Key,
        /// Who.
        signer: Key,
    }

    /// Versions of items.
    Items {
        /// Their vault.
        vault: Key,
        /// The size of the item log that the answer is proven under.
        size: u64,
        /// Which; a list of at most 65,536.
        #[serde(deserialize_with = "list")]
        of: Vec<rows::ItemVersion>,
        /// What for.
        reading: rows::Reading,
    }

    /// A file.
    File {
        /// Its vault.
        vault: Key,
        /// The size of the item log that the answer is proven under.
        size: u64,
        /// Which.
        file: Key,
    }
}

/// Whose session a bearer is.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Whose {
    /// Who.
    pub principal: Key,
}

/// The newest head, as the stream of changes tells it.
pub type Event = states::Head;

struct List<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a list of at most {LONGEST_LIST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(next) = seq.next_element()? {
            if list.len() == LONGEST_LIST {
                return Err(A::Error::custom(format!("a list has more than {LONGEST_LIST} entries")));
            }
            list.push(next);
        }
        Ok(list)
    }
}

/// Reads a list whose length is bounded.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(List(std::marker::PhantomData))
}

fn list_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Key>>, D::Error> {
    struct Bounded(Vec<Key>);

    impl<'de> Deserialize<'de> for Bounded {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            list(deserializer).map(Self)
        }
    }

    Ok(Option::<Bounded>::deserialize(deserializer)?.map(|list| list.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_bounded_and_unknown_fields_refused() {
        let key = Key(crate::model::id::Id([1; 32]));
        let request = |count: usize| {
            let keys = vec![format!("\"{key}\""); count].join(",");
            serde_json::from_str::<Profiles>(&format!("{{\"principals\": [{keys}]}}")).is_ok()
        };
        assert!(request(LONGEST_LIST) && !request(LONGEST_LIST + 1));
        for (text, fits) in [
            (r#"{"from": 0, "limit": 1}"#, true),
            (r#"{"from": 0, "vaults": null, "limit": 1}"#, true),
            (r#"{"from": 0, "vaults": [], "limit": 1}"#, true),
            (r#"{"from": -1, "limit": 1}"#, false),
            (r#"{"from": 0, "limit": 1, "more": 1}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<Feed>(text).is_ok(), fits, "{text}");
        }
    }
}
