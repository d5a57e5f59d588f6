//! Where the content of large files is, by a URL that has no secret: who may use the place is told by the environment.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "object-stores")]
use std::time::Duration;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use super::make_private;
use super::object::said;
use crate::error::{Error, Result};

/// What of the environment is for object stores: keys, regions, endpoints.
#[cfg(feature = "object-stores")]
const THEIRS: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// A call is tried again so often, and for so long: whoever waits for it has a deadline of their own.
#[cfg(feature = "object-stores")]
const RETRIES: usize = 3;
#[cfg(feature = "object-stores")]
const RETRIED: Duration = Duration::from_secs(20);

/// What a builder makes of a URL and the environment.
#[cfg(feature = "object-stores")]
macro_rules! built {
    ($builder:ty, $url:expr) => {{
        let retry = object_store::RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRIED,
            ..object_store::RetryConfig::default()
        };
        let mut builder = <$builder>::new().with_retry(retry).with_url($url.as_str());
        for (name, value) in std::env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
                && THEIRS.iter().any(|start| name.starts_with(start))
                && let Ok(name) = name.to_ascii_lowercase().parse()
            {
                builder = builder.with_config(name, value);
            }
        }
        builder.build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
    }};
}

/// The place of the content of large files.
///
/// `file:///folder`, or the folder's path; `s3://bucket/prefix`; `gs://bucket/prefix`; `az://container/prefix`, and the other
/// forms that `object_store` takes for Azure. Keys, region and endpoint are those of the environment (`AWS_…`, `GOOGLE_…`,
/// `AZURE_…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobsLocation(Url);

impl BlobsLocation {
    /// The location of this URL or path.
    ///
    /// # Errors
    /// `InvalidArgument` if it is neither, or holds a password or parameters.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        let url = if text.contains("://") {
            // Its own words may hold parts of the location.
            Url::parse(text).map_err(|_| wrong("it does not read as a URL"))?
        } else {
            let path = std::path::absolute(Path::new(text)).map_err(|_| wrong("its path could not be made out"))?;
            Url::from_file_path(path).map_err(|()| wrong("its path could not be made out"))?
        };
        if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("keys and parameters do not belong into it: set them in the environment"));
        }
        match ObjectStoreScheme::parse(&url) {
            Ok((ObjectStoreScheme::Memory | ObjectStoreScheme::Http, _)) | Err(_) => {
                Err(wrong("nothing is known of it"))
            }
            Ok(_) => Ok(Self(url)),
        }
    }

    /// The store, and the prefix of all keys in it.
    pub(super) fn open(&self) -> Result<(Arc<dyn ObjectStore>, Key)> {
        match ObjectStoreScheme::parse(&self.0) {
            Ok((ObjectStoreScheme::Local, _)) => Ok((self.folder()?, Key::default())),
            Ok(_) => self.cloud(),
            Err(_) => Err(wrong("nothing is known of it")),
        }
    }

    fn folder(&self) -> Result<Arc<dyn ObjectStore>> {
        let path: PathBuf = self.0.to_file_path().map_err(|()| wrong("its path could not be made out"))?;
        let cannot = |why: &dyn fmt::Display| wrong(&format!("its folder can't be used: {why}"));
        make_private(&path).map_err(|error| cannot(&error))?;
        let store = LocalFileSystem::new_with_prefix(&path).map_err(|error| cannot(&said(&error)))?;
        Ok(Arc::new(store.with_fsync(true).with_automatic_cleanup(true)))
    }

    #[cfg(feature = "object-stores")]
    fn cloud(&self) -> Result<(Arc<dyn ObjectStore>, Key)> {
        let (scheme, root) = ObjectStoreScheme::parse(&self.0).map_err(|_| wrong("nothing is known of it"))?;
        let built = match scheme {
            ObjectStoreScheme::AmazonS3 => built!(object_store::aws::AmazonS3Builder, self.0),
            ObjectStoreScheme::GoogleCloudStorage => built!(object_store::gcp::GoogleCloudStorageBuilder, self.0),
            ObjectStoreScheme::MicrosoftAzure => built!(object_store::azure::MicrosoftAzureBuilder, self.0),
            _ => return Err(wrong("nothing is known of it")),
        };
        let store = built.map_err(|error| wrong(&format!("it can't be used: {}", said(&error))))?;
        Ok((store, root))
    }

    #[cfg(not(feature = "object-stores"))]
    fn cloud(&self) -> Result<(Arc<dyn ObjectStore>, Key)> {
        Err(Error::unsupported(format!(
            "{self} is an object store, and this build knows folders alone: build it with the feature `object-stores`"
        )))
    }
}

impl fmt::Display for BlobsLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn wrong(why: &str) -> Error {
    Error::argument("blobs", format!("{why}: give a folder, or `s3://`, `gs://` or `az://` with a bucket and a prefix"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_folder_or_a_bucket_and_has_no_secret() {
        for (text, printed) in [
            ("/srv/content", "file:///srv/content"),
            ("file:///srv/content", "file:///srv/content"),
            ("s3://bucket/school/2026", "s3://bucket/school/2026"),
            ("gs://bucket", "gs://bucket"),
            ("az://container/school", "az://container/school"),
            (
                "abfss://container@account.dfs.core.windows.net/school",
                "abfss://container@account.dfs.core.windows.net/school",
            ),
        ] {
            assert_eq!(BlobsLocation::parse(text).unwrap().to_string(), printed);
        }
        for text in [
            "",
            "s3://",
            "s3://key:hunter2@bucket/school",
            "s3://bucket/school?secret=hunter2",
            "s3://bucket/school#hunter2",
            "memory:///",
            "ftp://hunter2/",
            "https://hunter2.example.edu/",
        ] {
            let error = BlobsLocation::parse(text).unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{text}");
            assert!(error.message().starts_with("blobs: ") && !format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
