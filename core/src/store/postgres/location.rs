//! Where a PostgreSQL database is, and how to talk to it. Its printed form has no password.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::error::{Error, Result};
use crate::store::blobs::BlobsLocation;

/// The schema that has the tables, unless the location names one.
const SCHEMA: &str = "strongroom";
/// Connections for reads, unless the location says how many.
const POOL: usize = 8;
/// The most that a location may ask for.
const MOST: usize = 1000;

/// How a server's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verify {
    /// Not at all, as `sslmode=prefer` and `require` have it.
    Nothing,
    /// It must be signed by a root that is trusted.
    Authority,
    /// And name the host.
    Host,
}

/// Where the database is.
///
/// `postgresql://user:password@host:port/database`, then `?name=value&…`: PostgreSQL's own parameters, among them `sslmode`
/// (`disable`, `prefer` by default, `require`, `verify-ca`, `verify-full`), `sslrootcert` (a PEM file; the system's roots by
/// default), `connect_timeout`, `application_name`; and these: `schema` (`strongroom` by default), `pool` (connections for
/// reads, 1 to 1000, 8 by default; about six more are used), `blobs` (a [`BlobsLocation`], escaped: where the content of files
/// over 1 MiB is, if not in the database), `advisory_locks=off`, for databases that have none: commits are then serializable
/// transactions. The password may be in `$PGPASSWORD` instead.
#[derive(Clone)]
pub struct PostgresLocation {
    shown: String,
    pub(super) config: Config,
    pub(super) verify: Verify,
    pub(super) roots: Option<PathBuf>,
    pub(super) schema: String,
    pub(super) pool: usize,
    /// Where the content of large files is; None: in the database, or wherever it says.
    pub(super) blobs: Option<BlobsLocation>,
    /// None: as the database says itself.
    pub(super) advisory: Option<bool>,
}

impl PostgresLocation {
    /// The location of this URL.
    ///
    /// # Errors
    /// `InvalidArgument` if it is none; its message has no password.
    pub fn parse(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut verify, mut ssl, mut roots, mut schema, mut pool, mut blobs, mut advisory) =
            (Verify::Nothing, SslMode::Prefer, None, SCHEMA.to_owned(), POOL, None, None);
        let (mut theirs, mut shown) = (Vec::new(), Vec::new());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, raw) = part.split_once('=').unwrap_or((part, ""));
            let value = percent_decode_str(raw)
                .decode_utf8()
                .map_err(|_| wrong(&format!("`{name}` is not UTF-8")))?
                .into_owned();
            match name {
                "sslmode" => (ssl, verify) = mode(&value)?,
                "sslrootcert" => roots = Some(PathBuf::from(value)),
                "schema" => schema = named(value)?,
                "pool" => {
                    let number = value.parse().ok().filter(|number| (1..=MOST).contains(number));
                    pool = number.ok_or_else(|| wrong("`pool` is a number from 1 to 1000"))?;
                }
                "blobs" => blobs = Some(BlobsLocation::parse(&value)?),
                "advisory_locks" => {
                    advisory = match value.as_str() {
                        "on" => Some(true),
                        "off" => Some(false),
                        _ => return Err(wrong("`advisory_locks` is `on` or `off`")),
                    };
                }
                _ => theirs.push(part),
            }
            if name != "password" {
                shown.push(part);
            }
        }
        let plain = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
        // Its own words may hold parts of the location.
        let mut config: Config = plain.parse().map_err(|_| wrong("it does not read as one"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("it names no host"));
        }
        if config.get_password().is_none()
            && let Some(password) = std::env::var_os("PGPASSWORD")
        {
            config.password(password.to_string_lossy().as_bytes());
        }
        config.ssl_mode(ssl);
        if config.get_application_name().is_none() {
            config.application_name("strongroom");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        // A machine that is gone says nothing: without these, a call would wait for it for hours.
        config.keepalives_idle(Duration::from_secs(20));
        config.tcp_user_timeout(Duration::from_secs(30));
        let query = if shown.is_empty() { String::new() } else { format!("?{}", shown.join("&")) };
        let shown = format!("{}{query}", without_password(base));
        Ok(Self { shown, config, verify, roots, schema, pool, blobs, advisory })
    }

    /// Where the content of large files is, if the location says so.
    pub fn blobs_mut(&mut self) -> &mut Option<BlobsLocation> {
        &mut self.blobs
    }
}

impl fmt::Display for PostgresLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresLocation({})", self.shown)
    }
}

impl PartialEq for PostgresLocation {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown && self.config == other.config && self.blobs == other.blobs
    }
}

impl Eq for PostgresLocation {}

fn mode(value: &str) -> Result<(SslMode, Verify)> {
    match value {
        "disable" => Ok((SslMode::Disable, Verify::Nothing)),
        "prefer" => Ok((SslMode::Prefer, Verify::Nothing)),
        "require" => Ok((SslMode::Require, Verify::Nothing)),
        "verify-ca" => Ok((SslMode::Require, Verify::Authority)),
        "verify-full" => Ok((SslMode::Require, Verify::Host)),
        _ => Err(wrong("`sslmode` is `disable`, `prefer`, `require`, `verify-ca` or `verify-full`")),
    }
}

/// A schema's name, which is written into statements.
fn named(schema: String) -> Result<String> {
    let first = schema.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    let plain = schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if first && plain && schema.len() <= 48 {
        return Ok(schema);
    }
    Err(wrong("`schema` is up to 48 of a to z, 0 to 9 and `_`, and begins with no digit"))
}

fn without_password(base: &str) -> String {
    let Some((scheme, rest)) = base.split_once("://") else { return base.to_owned() };
    // A password may hold what a location has to escape, so everything up to the last `@` is taken for it.
    let Some((user, place)) = rest.rsplit_once('@') else { return base.to_owned() };
    let user = user.split_once(':').map_or(user, |(user, _)| user);
    format!("{scheme}://{user}@{place}")
}

fn wrong(why: &str) -> Error {
    Error::argument(
        "location",
        format!("it is no location of a PostgreSQL database: {why}: give `postgresql://user:password@host/database`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_printed_form_has_the_password() {
        for url in [
            "postgresql://ada:hunter2@db.example.edu:5433/school?sslmode=verify-full&schema=s",
            "postgresql://ada:hunter2@@/hunter2@db.example.edu/school",
            "postgresql://ada@db.example.edu/school?password=hunter2&pool=3",
        ] {
            let Ok(location) = PostgresLocation::parse(url) else { continue };
            let printed = format!("{location} {location:?}");
            assert!(!printed.contains("hunter2"), "{printed}");
            assert!(printed.contains("ada@db.example.edu"), "{printed}");
        }
        for url in ["postgresql://ada:hunter2@host:port/x", "postgresql://ada:hunter2@h/x?sslmode=hunter2"] {
            let error = PostgresLocation::parse(url).unwrap_err();
            assert_eq!(error.code(), "invalid_argument");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn parameters_of_ours_are_taken_and_the_rest_is_postgresqls() {
        let location = PostgresLocation::parse(
            "postgres://ada:x@h/d?schema=class_1&pool=3&advisory_locks=off&sslmode=verify-ca&sslrootcert=/a%20b.pem&\
             application_name=grader",
        )
        .unwrap();
        assert_eq!((location.schema.as_str(), location.pool, location.advisory), ("class_1", 3, Some(false)));
        assert_eq!((location.verify, location.roots), (Verify::Authority, Some(PathBuf::from("/a b.pem"))));
        assert_eq!(location.config.get_application_name(), Some("grader"));
        let plain = PostgresLocation::parse("postgresql://ada@h/d").unwrap();
        assert_eq!((plain.schema.as_str(), plain.config.get_ssl_mode()), ("strongroom", SslMode::Prefer));
        for bad in ["schema=a;b", "schema=1a", "pool=0", "pool=x", "advisory_locks=maybe", "sslmode=full", "what=x"] {
            let url = format!("postgresql://ada@h/d?{bad}");
            assert_eq!(PostgresLocation::parse(&url).unwrap_err().code(), "invalid_argument", "{bad}");
        }
    }
}
