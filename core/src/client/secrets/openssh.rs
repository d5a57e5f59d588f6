//! Private keys of `ssh_key` fields in the form that OpenSSH reads (its PROTOCOL.key).

use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData, RsaKeypair};
use ssh_key::public::{Ed25519PublicKey, RsaPublicKey};
use ssh_key::{LineEnding, Mpint, PrivateKey};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::model::field::{Field, FieldType};
use crate::model::secret::Secret;

/// RFC 8410 and RFC 8017.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

const FORM: &str =
    "its value has to be an Ed25519 or RSA private key in PEM, as PKCS #8, PKCS #1 or OpenSSH, without a passphrase";

/// The field's private key for OpenSSH; one that is in that form stays what it is, but for its line breaks.
pub(super) fn convert(field: &Field) -> Result<Secret> {
    if field.field_type != FieldType::SshKey {
        return Err(Error::argument(
            "reference",
            "`ssh-format=openssh` is for fields of the type `ssh_key`, and this is none",
        ));
    }
    let key = parse(field.value.expose().trim()).filter(|key| !key.is_encrypted());
    let text = key.and_then(|key| key.to_openssh(LineEnding::LF).ok());
    text.map(|text| Secret::new(text.as_str())).ok_or_else(|| Error::argument("reference", FORM))
}

fn parse(pem: &str) -> Option<PrivateKey> {
    if let Some(body) = pem.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)) {
        return from_openssh(body);
    }
    let (label, document) = SecretDocument::from_pem(pem).ok()?;
    let pair = match label {
        "RSA PRIVATE KEY" => rsa(document.as_bytes())?,
        "PRIVATE KEY" => {
            let info = PrivateKeyInfoRef::try_from(document.as_bytes()).ok()?;
            match info.algorithm.oid {
                RSA => rsa(info.private_key.as_bytes())?,
                ED25519 => ed25519(document.as_bytes())?,
                _ => return None,
            }
        }
        _ => return None,
    };
    PrivateKey::new(pair, "").ok()
}

/// Lines are as long as their writer makes them: 70 for OpenSSH, 76 for others.
fn from_openssh(body: &str) -> Option<PrivateKey> {
    let letters: Zeroizing<String> = body.split_ascii_whitespace().collect::<String>().into();
    let bytes = Zeroizing::new(data_encoding::BASE64.decode(letters.as_bytes()).ok()?);
    PrivateKey::from_bytes(&bytes).ok()
}

fn ed25519(pkcs8: &[u8]) -> Option<KeypairData> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
    let seed: Curve25519SeedBin<'_> = pair.seed().ok()?.as_be_bytes().ok()?;
    let seed: &[u8; 32] = seed.as_ref().try_into().ok()?;
    let public: [u8; 32] = pair.public_key().as_ref().try_into().ok()?;
    let (public, private) = (Ed25519PublicKey(public), Ed25519PrivateKey::from_bytes(seed));
    Some(KeypairData::Ed25519(Ed25519Keypair { public, private }))
}

fn rsa(pkcs1: &[u8]) -> Option<KeypairData> {
    let key = RsaPrivateKeyRef::try_from(pkcs1).ok().filter(|key| key.other_prime_infos.is_none())?;
    let number = |bytes: &[u8]| Mpint::from_positive_bytes(bytes).ok();
    let public = RsaPublicKey { e: number(key.public_exponent.as_bytes())?, n: number(key.modulus.as_bytes())? };
    let private = ssh_key::private::RsaPrivateKey {
        d: number(key.private_exponent.as_bytes())?,
        iqmp: number(key.coefficient.as_bytes())?,
        p: number(key.prime1.as_bytes())?,
        q: number(key.prime2.as_bytes())?,
    };
    Some(KeypairData::Rsa(RsaKeypair { public, private }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3: without the public key, and with it.
    const BARE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    fn field(value: &str) -> Field {
        Field { label: "key".into(), value: Secret::new(value), field_type: FieldType::SshKey, section: None }
    }

    fn openssh(value: &str) -> String {
        convert(&field(value)).unwrap().expose().to_owned()
    }

    #[test]
    fn the_published_key_is_converted() {
        let text = openssh(BARE);
        assert!(text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        let key = PrivateKey::from_openssh(&text).unwrap();
        let pair = key.key_data().ed25519().unwrap();
        assert_eq!(data_encoding::HEXLOWER.encode(&pair.public.0), PUBLIC);
        assert_eq!(openssh(&text), text, "what is in that form stays so");
        assert_eq!(openssh(&BARE.replace('\n', "\r\n")), text);
    }

    #[test]
    fn what_is_no_such_key_is_refused() {
        for value in ["", "hunter2", &BARE.replace("MC4C", "MC4D"), &BARE[..80], &BARE.replace("PRIVATE", "PUBLIC")] {
            assert_eq!(convert(&field(value)).unwrap_err().code(), "invalid_argument", "{value}");
        }
        let plain = Field { field_type: FieldType::Concealed, ..field(BARE) };
        assert_eq!(convert(&plain).unwrap_err().code(), "invalid_argument");
    }
}
