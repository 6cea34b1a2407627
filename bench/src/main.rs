//! `make bench`: measures this server, and its peers on the same work in the same run, and prints the results against the
//! performance budget. It never fails because of a figure. `docs/performance.md` describes the method.
#![expect(clippy::print_stdout, reason = "the tables are what this program is for")]

mod bare;
mod budget;
mod compare;
mod console;
mod crowd;
mod csv;
mod findings;
mod flow;
mod handler;
mod http;
mod load;
mod merits;
mod mix;
mod newcomers;
mod org;
mod paced;
mod passkeys;
mod peers;
mod people;
mod prepare;
mod process;
mod ratios;
mod run;
mod sigma;
mod starts;
mod strangers;
mod system;
mod timing;
mod upstream;
mod users;
mod work;
mod workspace_flow;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs};

use clap::{Args, Parser, Subcommand};

use crate::load::Extent;
use crate::peers::{Place, Program};
use crate::run::Plan;
use crate::system::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALL_PEERS: [Program; 4] = [Program::Node, Program::BetterAuth, Program::Keycloak, Program::Hydra];

/// Measures Sigma and its peers.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    role: Option<Role>,
}

/// How to measure.
#[derive(Args)]
struct Options {
    /// A short run: one second per workload, and 3,000 codes.
    #[arg(long)]
    quick: bool,
    /// The server; by default the one last built with the profile dist or release.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Seconds per workload.
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// Codes per exchange, and sign-ins.
    #[arg(long, value_name = "N")]
    codes: Option<usize>,
    /// Keep-alive connections.
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: u32,
    /// Users in the database whose start is measured; 0 skips it.
    #[arg(long, value_name = "N")]
    users: Option<u32>,
    /// Members of the large workspace.
    #[arg(long, value_name = "N")]
    members: Option<u32>,
    /// Workspaces beside it.
    #[arg(long, value_name = "N")]
    workspaces: Option<u32>,
    /// Wrong passwords for known and for unknown addresses, each.
    #[arg(long, value_name = "N")]
    wrong_passwords: Option<u32>,
    /// Only workloads whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    only: String,
    /// An empty PostgreSQL database, to which the installation is moved whose console is looked at.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// The peers to compare with.
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',', default_values_t = ALL_PEERS)]
    peers: Vec<Program>,
    /// Leave all of them out.
    #[arg(long)]
    no_peer: bool,
    /// The directory of an older build, `sigma` and `sigma-bench`: both builds do the same work alternately, and their
    /// medians are compared.
    #[arg(long, value_name = "FOLDER")]
    against: Option<PathBuf>,
    /// Rounds of the comparison.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
}

/// The role of this process, if not the generator.
#[derive(Subcommand)]
enum Role {
    /// The bare handler.
    #[command(hide = true)]
    Handler {
        #[arg(long)]
        answers: PathBuf,
        #[arg(long)]
        port: u16,
    },
    /// The upstream provider.
    #[command(hide = true)]
    Provider {
        #[arg(long)]
        port: u16,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.role {
        Some(Role::Handler { answers, port }) => handler::serve(answers, *port),
        Some(Role::Provider { port }) => upstream::serve(*port),
        None => match &cli.options.against {
            Some(old) => compare(&cli.options, old),
            None => measure(&cli.options),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("The bench could not go on: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Compares this build with the one in the directory `old`, with short rounds.
fn compare(options: &Options, old: &Path) -> Result<(), Failure> {
    let binary = options.binary.clone().map_or_else(|| newest(&target()), Ok)?;
    let number = |given: Option<u32>, usual: u32| given.unwrap_or(usual).to_string();
    let arguments = [
        ("--seconds", number(options.seconds, 1)),
        ("--codes", options.codes.unwrap_or(6_000).to_string()),
        ("--connections", options.connections.to_string()),
        ("--users", number(options.users, 0)),
        ("--members", number(options.members, 2_000)),
        ("--workspaces", number(options.workspaces, 200)),
        ("--wrong-passwords", number(options.wrong_passwords, 1)),
        ("--only", options.only.clone()),
    ];
    let arguments: Vec<String> = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    // Each build runs in a directory of its own.
    let (old, binary) = (std::path::absolute(old)?, std::path::absolute(binary)?);
    let (old_bench, old_binary, new_bench) = (old.join("sigma-bench"), old.join("sigma"), env::current_exe()?);
    let old = compare::Build { bench: &old_bench, binary: &old_binary };
    let new = compare::Build { bench: &new_bench, binary: &binary };
    compare::compare(old, new, &arguments, options.rounds)
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| house().join("target"), PathBuf::from)
}

fn measure(options: &Options) -> Result<(), Failure> {
    let target = target();
    fs::create_dir_all(&target)?;
    let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(&target)?;
    let seconds = options.seconds.unwrap_or(if options.quick { 1 } else { 5 });
    let plan = Plan {
        binary: options.binary.clone().map_or_else(|| newest(&target), Ok)?,
        directory: directory.path().to_owned(),
        peers: if options.no_peer { Vec::new() } else { options.peers.clone() },
        place: Place {
            sources: house().join("bench/peers"),
            installed: target.join("bench-peers"),
            postgres: house().join("scripts/postgres.sh"),
        },
        extent: Extent { connections: options.connections, time: Duration::from_secs(seconds.into()) },
        codes: options.codes.unwrap_or(if options.quick { 3_000 } else { 20_000 }),
        users: options.users.unwrap_or(if options.quick { 10_000 } else { 100_000 }),
        crowd: options.users.unwrap_or(if options.quick { 100_000 } else { 1_000_000 }),
        members: options.members.unwrap_or(if options.quick { 10_000 } else { 100_000 }),
        workspaces: options.workspaces.unwrap_or(if options.quick { 1_000 } else { 10_000 }),
        wrong_passwords: options.wrong_passwords.unwrap_or(if options.quick { 50 } else { 500 }),
        only: options.only.clone(),
        postgres: options.postgres.clone(),
    };
    println!("{}\n", machine(&plan));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = tokio::task::LocalSet::new().block_on(&runtime, run::measure(&plan))?;
    findings.print();
    Ok(())
}

/// The root of the repository.
fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The server that was built last.
fn newest(target: &Path) -> Result<PathBuf, Failure> {
    let built = |profile: &str| {
        let file = target.join(profile).join("sigma");
        fs::metadata(&file).and_then(|metadata| metadata.modified()).ok().map(|time| (time, file))
    };
    let newest = ["dist", "release"].into_iter().filter_map(built).max_by_key(|(time, _)| *time);
    newest.map(|(_, file)| file).ok_or_else(|| "build the server first: cargo build --profile dist -p sigma".into())
}

/// The machine that produced the figures.
fn machine(plan: &Plan) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let node = Command::new("node").arg("--version").output();
    let node = node.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    format!(
        "{}\n{model}, {cores} cores, Linux {}, load {} before; {} connections, Node {node}",
        plan.binary.display(),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
        plan.extent.connections,
    )
}
