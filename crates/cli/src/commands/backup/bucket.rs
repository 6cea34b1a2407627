//! Buckets of backups: `s3://bucket/prefix`, with what other programs take from the environment too.

use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use sigma_server::objects::{Bucket, ObjectError, PART, Upload};
use sigma_server::settings::S3;
use sigma_store::transfer::Progress;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::folder;
use crate::config::environment;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::serve::{install_tls, runtime};
use crate::signals::clear_when_stopped;

/// What addresses of buckets begin with.
const SCHEME: &str = "s3://";
/// How long taking back an upload may take.
const TAKING_BACK: Duration = Duration::from_secs(10);
/// The longest message of a bucket that is repeated.
const LONGEST_MESSAGE: usize = 500;

/// A bucket that is asked.
pub struct Remote {
    runtime: Runtime,
    bucket: Bucket,
    /// `s3://bucket/prefix`
    address: String,
}

/// Splits `s3://bucket/path`; `None` for paths of files.
pub fn address(path: &Path) -> Option<(&str, &str)> {
    let rest = path.to_str()?.strip_prefix(SCHEME)?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

impl Remote {
    /// The folder `prefix` of the bucket, as the environment says how to reach it.
    ///
    /// # Errors
    /// The address or the environment is incomplete.
    pub fn new(bucket: &str, prefix: &str) -> Result<Self, Failure> {
        let prefix = prefix.trim_end_matches('/');
        let settings = settings(bucket, prefix, environment::variable)?;
        install_tls()?;
        let bucket = Bucket::new(&settings).map_err(|error| Failure::Usage(brief(&error)))?;
        let address = format!("{SCHEME}{}/{prefix}", settings.bucket).trim_end_matches('/').to_owned();
        Ok(Self { runtime: runtime()?, bucket, address })
    }

    /// The address of the file `name`.
    pub fn of(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Begins to send the new file `name`.
    pub fn send(&self, name: &str) -> Result<Sending<'_>, Failure> {
        let upload = self.runtime.block_on(self.bucket.send(name)).map_err(|error| self.failed(&error))?;
        let upload = upload.ok_or_else(|| Failure::Refused(format!("{} is there already", self.of(name))))?;
        let (handle, abandoned) = (self.runtime.handle().clone(), upload.clone());
        clear_when_stopped(move || take_back(&handle, abandoned))?;
        Ok(Sending {
            remote: self,
            unfinished: Some(upload.clone()),
            idle: Some(upload),
            on_its_way: None,
            held: Vec::new(),
            sent: 0,
        })
    }

    /// Loads the file `name` into one without a name, which is gone with this process however it ends.
    pub fn load(&self, name: &str, bar: &mut Bar) -> Result<File, Failure> {
        let mut spool = super::spool()?;
        self.runtime.block_on(async {
            let found = self.bucket.load(name).await.map_err(|error| self.failed(&error))?;
            let mut found = found.ok_or_else(|| Failure::NotFound(format!("there is no {}", self.of(name))))?;
            let (mut done, all) = (0, found.size());
            while let Some(piece) = found.next().await.map_err(|error| self.failed(&error))? {
                spool.write_all(&piece).map_err(|error| super::spool_failed(&error))?;
                done += u64::try_from(piece.len()).unwrap_or(0);
                bar.show(Progress { table: "", done, all });
            }
            Ok::<_, Failure>(())
        })?;
        spool.rewind().map_err(|error| super::spool_failed(&error))?;
        Ok(spool)
    }

    /// Deletes all but the newest `keep` backups, of which `made` is one; returns the names of those that are gone.
    pub fn keep(&self, made: &str, keep: u32) -> Result<Vec<String>, Failure> {
        self.runtime
            .block_on(async {
                let gone = folder::superseded(self.bucket.names().await?, made, keep);
                for name in &gone {
                    self.bucket.delete(name).await?;
                }
                Ok(gone)
            })
            .map_err(|error: ObjectError| {
                let words = "the backup was made; older ones cannot be deleted";
                Failure::Failed(format!("{words}: {}: {}", self.address, brief(&error)))
            })
    }

    fn failed(&self, error: &ObjectError) -> Failure {
        Failure::Failed(format!("{}: {}", self.address, brief(error)))
    }
}

/// What a bucket said, on one line of a terminal.
fn brief(error: &ObjectError) -> String {
    let words: Vec<_> = error
        .to_string()
        .split(|char: char| char.is_control() || char == ' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join(" ").chars().take(LONGEST_MESSAGE).collect()
}

fn take_back(handle: &tokio::runtime::Handle, upload: Upload) {
    // What cannot be taken back is seen by nobody, and a rule of the bucket may delete it.
    drop(handle.block_on(async { tokio::time::timeout(TAKING_BACK, upload.abandon()).await }));
}

/// A file that is written to a bucket: one part is filled while another is sent. Dropped before it is finished, it leaves nothing.
pub struct Sending<'r> {
    remote: &'r Remote,
    /// To be taken back.
    unfinished: Option<Upload>,
    /// While no part is sent.
    idle: Option<Upload>,
    on_its_way: Option<JoinHandle<Result<Upload, ObjectError>>>,
    held: Vec<u8>,
    sent: u64,
}

impl Sending<'_> {
    /// Completes the file, which appears under its name; returns its bytes.
    pub fn finish(mut self) -> Result<u64, Failure> {
        self.pass_on().map_err(|error| self.remote.failed(&ObjectError::Failed(error.to_string())))?;
        let upload = self.wait().map_err(|error| self.remote.failed(&error))?;
        self.remote.runtime.block_on(upload.finish()).map_err(|error| self.remote.failed(&error))?;
        self.unfinished = None;
        Ok(self.sent)
    }

    /// Sends what is held.
    fn pass_on(&mut self) -> io::Result<()> {
        let part = Bytes::from(std::mem::take(&mut self.held));
        if part.is_empty() {
            return Ok(());
        }
        self.sent += u64::try_from(part.len()).unwrap_or(0);
        let mut upload = self.wait().map_err(|error| io::Error::other(brief(&error)))?;
        self.on_its_way = Some(self.remote.runtime.spawn(async move {
            upload.add(part).await?;
            Ok(upload)
        }));
        Ok(())
    }

    /// Waits for the part that is being sent.
    fn wait(&mut self) -> Result<Upload, ObjectError> {
        let gone = || ObjectError::Failed("the upload ended".to_owned());
        match self.on_its_way.take() {
            None => self.idle.take().ok_or_else(gone),
            Some(task) => self.remote.runtime.block_on(task).map_err(|_| gone())?,
        }
    }
}

impl Write for Sending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PART.saturating_sub(self.held.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        if self.held.capacity() < PART {
            self.held.reserve_exact(PART - self.held.len());
        }
        self.held.extend_from_slice(taken);
        if self.held.len() >= PART {
            self.pass_on()?;
        }
        Ok(taken.len())
    }

    /// A part is sent once it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.on_its_way.take() {
            task.abort();
        }
        if let Some(upload) = self.unfinished.take() {
            take_back(self.remote.runtime.handle(), upload);
        }
    }
}

/// How the bucket is reached.
fn settings(bucket: &str, prefix: &str, variable: impl Fn(&str) -> Option<String>) -> Result<S3, Failure> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if bucket.is_empty() || !bucket.bytes().all(is_name) {
        return Err(Failure::Usage(format!(
            "{SCHEME}BUCKET/PREFIX: a bucket has a name of letters, digits, dots and hyphens"
        )));
    }
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let key = |name: &str| {
        let missing = || {
            Failure::Config(format!(
                "the environment has no {name}, which a bucket needs; set it there or in the file of --env-file"
            ))
        };
        variable(name).map(SecretString::from).ok_or_else(missing)
    };
    let endpoint =
        ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| Some((name, variable(name)?)));
    if let Some((name, address)) = &endpoint {
        let is_web = url::Url::parse(address).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if !is_web {
            return Err(Failure::Config(format!("{name} is no address that begins with https://")));
        }
    }
    Ok(S3 {
        bucket: bucket.to_owned(),
        region: variable("AWS_REGION")
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .unwrap_or_else(|| "us-east-1".to_owned()),
        // Few other services have a name for each bucket.
        path_style: endpoint.is_some(),
        endpoint: endpoint.map(|(_, address)| address.trim_end_matches('/').to_owned()),
        prefix: prefix.to_owned(),
        access_key_id: key("AWS_ACCESS_KEY_ID")?,
        secret_access_key: key("AWS_SECRET_ACCESS_KEY")?,
        session_token: variable("AWS_SESSION_TOKEN").map(SecretString::from),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn addresses_of_buckets_are_told_from_paths() {
        let address = |text: &'static str| address(Path::new(text));
        assert_eq!(address("s3://b/some/prefix"), Some(("b", "some/prefix")));
        assert_eq!(address("s3://b"), Some(("b", "")));
        assert_eq!((address("/var/backups"), address("./s3:/b")), (None, None));
    }

    #[test]
    fn a_bucket_is_reached_as_the_environment_says() {
        let told = |variables: &'static [(&str, &str)]| {
            let find = move |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            settings("b", "p", find)
        };
        let keys = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let plain =
            told(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "")]).unwrap();
        assert_eq!((plain.region.as_str(), plain.path_style, plain.endpoint), ("us-east-1", false, None));
        assert_eq!(plain.access_key_id.expose_secret(), keys[0].1);
        let other = told(&[
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "https://other.test"),
            ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/"),
        ])
        .unwrap();
        assert_eq!((other.region.as_str(), other.path_style), ("eu-central-1", true));
        assert_eq!(other.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(other.session_token.unwrap().expose_secret(), "token");
        let missing = told(&[("AWS_ACCESS_KEY_ID", "id")]).unwrap_err();
        assert!(matches!(&missing, Failure::Config(said) if said.contains("AWS_SECRET_ACCESS_KEY")), "{missing}");
        assert!(matches!(told(&[("AWS_ENDPOINT_URL", "nowhere")]), Err(Failure::Config(_))));
        for bucket in ["", "a@evil.test", "a:1"] {
            assert!(matches!(settings(bucket, "", |_| None), Err(Failure::Usage(_))), "{bucket}");
        }
    }
}
