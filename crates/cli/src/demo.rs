//! `sigma demo`: a server with an empty database, and the Playground, an app to sign in to.
//!
//! The server is on `localhost` and the Playground on `127.0.0.1`, because cookies know no ports (ruling 37).

mod apps;
mod files;
mod playground;
mod ports;
mod relay;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use sigma_server::settings::Settings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::args::DemoArgs;
use crate::config;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print};
use crate::serve;

/// Runs the demo until it is told to stop. Prints the server's address first, then the Playground's.
pub fn demo(file: Option<&Path>, args: &DemoArgs, output: Output) -> Result<(), Failure> {
    let place = Place::make(args.data.as_deref())?;
    let port = ports::free(args.port, 8080, &[])?;
    let playground_port = ports::free(args.playground_port, port.saturating_add(1), &[port])?;
    let settings = settings(file, place.directory(), port)?;
    let issuer = settings.issuer.clone();
    let origin = format!("http://127.0.0.1:{playground_port}");

    serve::log_to_stderr(&settings.log)?;
    serve::install_tls()?;
    let apps = {
        let opened = Opened::with(settings.clone())?;
        apps::register(&opened, &origin)?
    };
    serve::runtime()?.block_on(async {
        let signal = serve::stop_signal()?;
        let (stop, stopped) = watch::channel(());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, playground_port));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Failure::Failed(format!("cannot listen on {address}: {error}")))?;
        let server = serve::start(settings).await?;
        let site = playground::routes(playground::Site::new(origin.clone(), issuer.clone(), apps)?);
        announce(output, &issuer, &origin, args.data.as_deref())?;

        let playground = tokio::spawn(playground::serve(listener, site, serve::until(stopped.clone())));
        let running = tokio::spawn(server.run(serve::until(stopped)));
        signal.await;
        drop(stop);
        // Whoever still reads the Playground does not hold the end up.
        playground.abort();
        match running.await {
            Ok(Err(error)) => Err(Failure::Failed(error.to_string())),
            _ => Ok(()),
        }
    })
}

/// The settings of the demo: its own defaults, overruled by the environment; where it lives is not negotiable.
fn settings(file: Option<&Path>, directory: &Path, port: u16) -> Result<Settings, Failure> {
    let mut settings = config::load_demo(file)?;
    settings.issuer = format!("http://localhost:{port}");
    settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.tls = None;
    settings.store.url = SecretString::from(format!("sqlite:{}", directory.join("sigma.sqlite").display()));
    settings.master_key.value = None;
    settings.master_key.file = directory.join("sigma.key");
    config::refuse_problems(&settings)?;
    Ok(settings)
}

/// Where the database of the demo is.
enum Place {
    /// For this time alone.
    Temporary(TempDir),
    /// Where the person said.
    Kept(PathBuf),
}

impl Place {
    fn make(data: Option<&Path>) -> Result<Self, Failure> {
        match data {
            Some(directory) => {
                std::fs::create_dir_all(directory).map(|()| Self::Kept(directory.to_owned())).map_err(|error| {
                    Failure::Failed(format!("cannot make the directory {}: {error}", directory.display()))
                })
            }
            None => tempfile::Builder::new()
                .prefix("sigma-demo-")
                .tempdir()
                .map(Self::Temporary)
                .map_err(|error| Failure::Failed(format!("cannot make a temporary directory: {error}"))),
        }
    }

    fn directory(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Kept(directory) => directory,
        }
    }
}

fn announce(output: Output, issuer: &str, origin: &str, data: Option<&Path>) -> Result<(), Failure> {
    if output.json {
        return print(&serde_json::json!({ "server": issuer, "playground": origin }).to_string());
    }
    let database = match data {
        Some(directory) => format!("The database stays in {}.", directory.display()),
        None => "The database is empty, and gone afterwards; --data DIR keeps it.".to_owned(),
    };
    print(&format!(
        "\n  Server      {issuer}\n  Playground  {origin}   open this one\n\n{database} Stop with Ctrl-C.\n"
    ))
}

/// What the Playground is told of its apps, shared by its handlers.
pub(crate) type Shared = Arc<playground::Site>;
