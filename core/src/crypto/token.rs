//! Tokens: the one line of text by which a program or a person is who they are.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use super::identity::Seed;
use crate::error::{Error, Result};
use crate::model::id::{AccountId, Id};

const VERSION: u8 = 1;
const CHECKSUM: usize = 4;
const LENGTH: usize = 1 + 32 + 32 + 32 + 8 + 32 + CHECKSUM;

/// Whose token it is, or what it is good for; it chooses the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A service account's.
    Service,
    /// A user's.
    User,
    /// An invitation's, good once.
    Invitation,
    /// The recovery key's, kept off line.
    Recovery,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Service, Self::User, Self::Invitation, Self::Recovery];

    /// What a token of this kind begins with, so that scanners for leaked secrets find it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Service => "strongroom_svc_",
            Self::User => "strongroom_usr_",
            Self::Invitation => "strongroom_inv_",
            Self::Recovery => "strongroom_rec_",
        }
    }
}

/// Opens an account for one principal: its seed, the root of trust, and the newest head its maker knew.
pub struct Token {
    /// Chooses the prefix.
    pub kind: TokenKind,
    /// The account, whose id is the root that no server chose.
    pub account: AccountId,
    /// The principal.
    pub principal: Id,
    /// The secret.
    pub seed: Seed,
    /// The feed's size at the newest head; 0 from `init`.
    pub head_size: u64,
    /// The feed's root at that head.
    pub head_root: Id,
}

impl Token {
    /// Writes the token as its holder keeps it: prefix and unpadded base64url (RFC 4648) of version ‖ account ‖
    /// principal ‖ seed ‖ head size ‖ head root ‖ CRC-32.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        bytes.push(VERSION);
        bytes.extend_from_slice(self.account.as_bytes());
        bytes.extend_from_slice(self.principal.as_bytes());
        bytes.extend_from_slice(self.seed.as_bytes());
        bytes.extend_from_slice(&self.head_size.to_be_bytes());
        bytes.extend_from_slice(self.head_root.as_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        let prefix = self.kind.prefix();
        let length = prefix.len() + BASE64URL_NOPAD.encode_len(bytes.len());
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(prefix);
        BASE64URL_NOPAD.encode_append(&bytes, &mut text);
        text
    }

    /// Reads what [`Token::encode`] wrote, and nothing else.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown prefix, a typo, or a version that this release does not know. The message
    /// holds nothing of the token.
    pub fn parse(text: &str) -> Result<Self> {
        let (kind, encoded) =
            TokenKind::ALL.into_iter().find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?))).ok_or_else(
                || unauthenticated("it does not begin as one; pass all of the line that begins `strongroom_`"),
            )?;
        let bytes = decode(encoded).ok_or_else(typo)?;
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or_else(typo)?;
        // Before the version: a typo there must not send anybody to look for a newer release.
        if crc32fast::hash(body).to_be_bytes() != *checksum {
            return Err(typo());
        }
        let (version, mut rest) = body.split_first().ok_or_else(typo)?;
        if *version != VERSION {
            return Err(unauthenticated("it is of a version that this release does not know; upgrade Strongroom"));
        }
        let token = Self {
            kind,
            account: AccountId(Id(take(&mut rest)?)),
            principal: Id(take(&mut rest)?),
            seed: Seed::from_bytes(&Zeroizing::new(take(&mut rest)?)),
            head_size: u64::from_be_bytes(take(&mut rest)?),
            head_root: Id(take(&mut rest)?),
        };
        if rest.is_empty() { Ok(token) } else { Err(typo()) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}***)", self.kind.prefix())
    }
}

fn decode(encoded: &str) -> Option<Zeroizing<Vec<u8>>> {
    let length = BASE64URL_NOPAD.decode_len(encoded.len()).ok()?;
    let mut bytes = Zeroizing::new(vec![0; length]);
    let written = BASE64URL_NOPAD.decode_mut(encoded.as_bytes(), &mut bytes).ok()?;
    (written == length).then_some(bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, after) = rest.split_first_chunk().ok_or_else(typo)?;
    *rest = after;
    Ok(*taken)
}

fn unauthenticated(why: &str) -> Error {
    Error::unauthenticated(format!("this is no token: {why}"))
}

fn typo() -> Error {
    unauthenticated("its checksum does not fit, so a part is missing or mistyped; copy it again from where it is kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(kind: TokenKind) -> Token {
        Token {
            kind,
            account: AccountId(Id([1; 32])),
            principal: Id([2; 32]),
            seed: Seed::from_bytes(&[3; 32]),
            head_size: 4,
            head_root: Id([5; 32]),
        }
    }

    fn refused(text: &str) -> String {
        let error = Token::parse(text).unwrap_err();
        assert_eq!(error.code(), "unauthenticated");
        error.to_string()
    }

    #[test]
    fn a_token_survives_its_text() {
        for kind in TokenKind::ALL {
            let text = token(kind).encode();
            assert_eq!(text.len(), 15 + 188);
            let read = Token::parse(&text).unwrap();
            assert_eq!((read.kind, read.account, read.principal), (kind, AccountId(Id([1; 32])), Id([2; 32])));
            assert_eq!((read.head_size, read.head_root), (4, Id([5; 32])));
            assert_eq!(read.seed.as_bytes(), &[3; 32]);
            assert_eq!(read.encode(), text);
        }
    }

    #[test]
    fn every_typo_is_told_and_none_is_repeated() {
        let text = token(TokenKind::User).encode();
        for at in 15..text.len() {
            for other in ['A', '_', '=', ' '].into_iter().filter(|other| !text[at..].starts_with(*other)) {
                let mut typo = text.to_string();
                typo.replace_range(at..=at, &other.to_string());
                let message = refused(&typo);
                assert!(message.contains("checksum") && !message.contains(&typo[15..31]));
            }
            assert!(refused(&text[..at]).contains("checksum"));
        }
        assert!(refused(&format!("{}A", *text)).contains("checksum"));
        assert!(refused(&format!("{}\n", *text)).contains("checksum"));
        assert!(refused(&text.replace("usr", "api")).contains("begins `strongroom_`"));
        assert!(refused("").contains("begins `strongroom_`"));
    }

    #[test]
    fn another_version_asks_for_an_upgrade_and_another_length_for_a_new_copy() {
        let write = |body: &[u8]| {
            let bytes = [body, &crc32fast::hash(body).to_be_bytes()].concat();
            format!("strongroom_svc_{}", BASE64URL_NOPAD.encode(&bytes))
        };
        assert!(refused(&write(&[2; 40])).contains("upgrade"));
        assert!(refused(&write(&[0; 137])).contains("upgrade"));
        for length in [1, 33, 136, 138] {
            assert!(refused(&write(&vec![1; length])).contains("checksum"));
        }
        assert!(refused(&write(&[])).contains("checksum"));
        Token::parse(&write(&[1; 137])).unwrap();
    }

    #[test]
    fn nothing_of_it_is_printed_for_debugging() {
        assert_eq!(format!("{:?}", token(TokenKind::Recovery)), "Token(strongroom_rec_***)");
    }
}
