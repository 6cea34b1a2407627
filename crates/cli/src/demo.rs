//! `sigma demo`: a server with a new database and two workspaces, and the Playground, an app to sign in to.
//!
//! The server is on `localhost` and the Playground on `127.0.0.1`, because cookies ignore ports (RFC 6265 §8.5).

mod apps;
mod console;
mod files;
mod merits;
mod playground;
mod ports;
mod relay;
mod workspaces;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use sigma_server::settings::Settings;
use sigma_server::{Server, StartError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::apps::DemoApp;
use self::merits::DemoMerits;
use self::workspaces::DemoWorkspace;
use crate::args::DemoArgs;
use crate::config;
use crate::failure::Failure;
use crate::log::Log;
use crate::opened::Opened;
use crate::output::Output;
use crate::serve;
use crate::signals::Stops;

/// The folder below the directory of the demo where logos are kept.
const OBJECTS: &str = "objects";
/// The folder below the directory of the demo where mails are put, a file each.
const MAILS: &str = "mails";

/// How often to try other ports if free ones keep being taken.
const TRIES: u16 = 10;

/// Runs the demo until it is stopped. Prints the server's address first, then the Playground's.
pub fn demo(file: Option<&Path>, args: &DemoArgs, output: Output) -> Result<(), Failure> {
    let log = config::load_demo(file)?.log;
    let _log = Log::to_stderr(&log)?;
    serve::install_tls()?;
    let place = Place::make(args.data.as_deref())?;
    let runtime = serve::runtime()?;
    let ended = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let Started { server, issuer, listener, origin, apps, workspaces, merits } =
            start(file, args, place.directory()).await?;
        let admin = admin_command(place.directory(), &store_url(args, place.directory()), &issuer);
        announce(output, &issuer, &origin, &admin, &place.directory().join(MAILS), args);
        let site = playground::routes(playground::Site::new(
            origin,
            playground::Reported { issuer, admin, apps, workspaces, merits },
        )?);

        let (stop, stopped) = watch::channel(());
        let playground = tokio::spawn(playground::serve(listener, site, serve::until(stopped.clone())));
        let running = server.run(serve::until(stopped));
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => return ended.map_err(|error| serve::could_not(&error)),
            _ = stops.next() => {}
        }
        drop(stop);
        // Open Playground connections do not delay shutdown.
        playground.abort();
        tokio::select! {
            ended = running => ended.map_err(|error| serve::could_not(&error)),
            _ = stops.next() => Ok(()),
        }
    });
    runtime.shutdown_background();
    ended
}

/// A server and a Playground, bound and configured for each other.
struct Started {
    server: Server,
    issuer: String,
    listener: TcpListener,
    origin: String,
    apps: Vec<DemoApp>,
    workspaces: Vec<DemoWorkspace>,
    merits: DemoMerits,
}

/// Binds both, and retries with other ports if one was taken meanwhile. Requested ports are not changed.
async fn start(file: Option<&Path>, args: &DemoArgs, directory: &Path) -> Result<Started, Failure> {
    let mut first = 8080;
    for _ in 0..TRIES {
        let port = ports::free(args.port, first, &[])?;
        let playground_port = ports::free(args.playground_port, port.saturating_add(1), &[port])?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, playground_port));
        let mut settings = settings(file, args, directory, port)?;
        let issuer = settings.issuer.clone();
        let origin = format!("http://{address}");
        // The Playground lists quick logins, which needs a trusted origin.
        settings.sign_in.trusted_origins.push(origin.clone());
        first = port.saturating_add(1);

        let Ok(listener) = TcpListener::bind(address).await else { continue };
        let (apps, workspaces, merits) = tokio::task::block_in_place(|| {
            let opened = Opened::make(settings.clone())?;
            let (apps, workspaces) = (apps::register(&opened, &origin)?, workspaces::register(&opened)?);
            let merits = merits::register(&opened, &origin)?;
            console::appoint(&opened)?;
            Ok::<_, Failure>((apps, workspaces, merits))
        })?;
        match serve::start(settings).await {
            Ok(server) => return Ok(Started { server, issuer, listener, origin, apps, workspaces, merits }),
            Err(StartError::Listen { .. }) => {}
            Err(error) => return Err(serve::could_not(&error)),
        }
    }
    Err(Failure::Failed("free ports keep being taken; choose one with --port".to_owned()))
}

/// The settings of the demo: its defaults, overridden by the environment, except for its addresses.
fn settings(file: Option<&Path>, args: &DemoArgs, directory: &Path, port: u16) -> Result<Settings, Failure> {
    if args.postgres.as_ref().is_some_and(|url| !url.starts_with("postgres")) {
        return Err(Failure::Usage("--postgres takes a URL such as postgres://user@host/database".to_owned()));
    }
    let mut settings = config::load_demo(file)?;
    settings.issuer = format!("http://localhost:{port}");
    settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.tls = None;
    // Never the one of the environment: the demo adds people who sign in without a password.
    settings.store.url = SecretString::from(store_url(args, directory));
    settings.store.make_new = true;
    settings.master_key.value = None;
    settings.master_key.command = Vec::new();
    settings.master_key.file = directory.join("sigma.key");
    settings.mail.folder = directory.join(MAILS);
    settings.objects.folder = directory.join(OBJECTS);
    settings.workspaces.demo = true;
    config::refuse_problems(&settings)?;
    Ok(settings)
}

/// The URL of the demo's database.
fn store_url(args: &DemoArgs, directory: &Path) -> String {
    let own = || format!("sqlite:{}", directory.join("sigma.sqlite").display());
    args.postgres.clone().unwrap_or_else(own)
}

/// The location of the demo's files.
enum Place {
    /// Temporary.
    Temporary(TempDir),
    /// Chosen by the user.
    Kept(PathBuf),
}

impl Place {
    fn make(data: Option<&Path>) -> Result<Self, Failure> {
        match data {
            Some(directory) => {
                let created = std::fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
                created.map(Self::Kept).map_err(|error| {
                    Failure::Failed(format!("cannot create the directory {}: {error}", directory.display()))
                })
            }
            None => tempfile::Builder::new()
                .prefix("sigma-demo-")
                .tempdir()
                .map(Self::Temporary)
                .map_err(|error| Failure::Failed(format!("cannot create a temporary directory: {error}"))),
        }
    }

    fn directory(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Kept(directory) => directory,
        }
    }
}

/// The prefix of admin commands for the demo's database and files.
fn admin_command(directory: &Path, url: &str, issuer: &str) -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("sigma"));
    let (key, objects) = (directory.join("sigma.key"), directory.join(OBJECTS));
    format!(
        "SIGMA__ISSUER='{issuer}' SIGMA__STORE__URL='{url}' SIGMA__MASTER_KEY__FILE='{}' SIGMA__OBJECTS__FOLDER='{}' {}",
        key.display(),
        objects.display(),
        program.display()
    )
}

fn announce(output: Output, issuer: &str, origin: &str, admin: &str, mails: &Path, args: &DemoArgs) {
    let mails = mails.display();
    if output.json {
        return serve::announce(
            &serde_json::json!({
                "server": issuer,
                "playground": origin,
                "console": console::address(issuer),
                "admin": admin,
                "mails": mails.to_string(),
            })
            .to_string(),
        );
    }
    let database = match &args.data {
        _ if args.postgres.is_some() => "The database is the PostgreSQL that you named.".to_owned(),
        Some(directory) => format!("The database is kept in {}.", directory.display()),
        None => "The database is temporary and deleted on exit; use --data DIR to keep it.".to_owned(),
    };
    serve::announce(&format!(
        "\n  Server      {issuer}\n  Playground  {origin}   open this one\n  Console     {console}   \
         sign in as {owner} with the password {password}\n  Mails       {mails}\n\n{database}\n\
         Admin commands begin with: {admin}\nStop with Ctrl-C.\n",
        console = console::address(issuer),
        owner = console::OWNER,
        password = console::PASSWORD,
    ));
}

/// What the Playground knows about its apps, shared by its handlers.
pub(crate) type Shared = Arc<playground::Site>;
