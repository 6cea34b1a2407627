//! The `sigma` binary: the server, the demo and the admin commands.

mod args;
mod commands;
mod config;
mod confirm;
mod demo;
mod doctor;
mod exposure;
mod failure;
mod log;
mod notify;
mod opened;
mod output;
mod progress;
mod remote;
mod serve;
mod signals;
mod style;
mod system;
mod terminal;
mod top;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{
    AdminCommand, ApiKeyCommand, AppCommand, BrandingCommand, Cli, Command, ConfigCommand, ExportCommand,
    ImportCommand, KeysCommand, LinkCommand, PeopleCommand, ProviderCommand, ResourceCommand, ScimCommand, UserCommand,
    WorkspaceCommand,
};
use crate::config::environment::{self, Unreadable};
use crate::failure::Failure;
use crate::output::Output;
use sigma_store::org::api_key::MadeKeys;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    spare_memory();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            return Failure::Usage(error.render().to_string().trim_end().to_owned()).report(true);
        }
        Err(error) => error.exit(),
    };
    let json = cli.json;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// Opts out of huge pages. The allocator requests them, and a server of this size would fill a third. If the kernel
/// refuses, only memory is wasted.
fn spare_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn run(cli: Cli) -> Result<(), Failure> {
    let file = cli.config.as_deref();
    let output = Output { json: cli.json };
    read_environment(&cli)?;
    if let Some(server) = cli.remote.server.as_deref() {
        return remote::run(&cli.remote, server, output, cli.command);
    }
    match cli.command {
        Command::Serve(serve) => serve::serve(file, &serve, output),
        Command::Demo(demo) => demo::demo(file, &demo, output),
        Command::App(command) => run_app(file, output, *command),
        Command::Resource(command) => run_resource(file, output, command),
        Command::Apply(args) => commands::apply::apply(file, output, &args),
        Command::Export(ExportCommand::Config) => commands::apply::export(file, output),
        Command::Export(ExportCommand::People { hashes }) => commands::people::export(file, hashes),
        Command::Import(ImportCommand::Config(args)) => commands::apply::apply(file, output, &args.into()),
        Command::Import(ImportCommand::People(args)) => commands::people::import(file, output, &args),
        Command::Link(command) => {
            use commands::link;
            match command {
                LinkCommand::Add(link) => link::add(file, output, &link),
                LinkCommand::List { org } => link::list(file, output, &org),
                LinkCommand::Remove { app, org, sure } => link::remove(file, output, &app, &org, sure.yes),
            }
        }
        Command::User(command) => run_user(file, output, command),
        Command::People(command) => {
            use commands::people;
            match command {
                PeopleCommand::Import(args) => people::import(file, output, &args),
                PeopleCommand::Export { hashes } => people::export(file, hashes),
            }
        }
        Command::Admin(command) => {
            use commands::admin;
            match command {
                AdminCommand::List => admin::list(file, output),
                AdminCommand::Add { user, role } => admin::add(file, output, &user, role.into()),
                AdminCommand::Remove { user, sure } => admin::remove(file, output, &user, sure.yes),
            }
        }
        Command::Workspace(command) => run_workspace(file, output, command),
        Command::ApiKey(command) => {
            use commands::api_key;
            match command {
                ApiKeyCommand::Add(key) => api_key::add(file, output, &key),
                ApiKeyCommand::List { workspace } => api_key::list(file, output, &workspace),
                ApiKeyCommand::Deactivate(key) => api_key::deactivate(file, output, &key),
                ApiKeyCommand::Remove(key) => api_key::remove(file, output, &key),
            }
        }
        Command::Scim(command) => run_scim(file, output, command),
        Command::Keys(command) => match command {
            KeysCommand::List => commands::keys::list(file, output),
            KeysCommand::Rotate { now, alg } => commands::keys::rotate(file, output, now, &alg),
            KeysCommand::Rekey { new_key, sure } => commands::rekey::rekey(file, output, new_key.as_deref(), sure.yes),
            KeysCommand::Revoke { kid, sure } => commands::keys::revoke(file, output, &kid, sure.yes),
        },
        Command::Backup(args) => commands::backup::backup(file, output, &args),
        Command::Restore(args) => commands::backup::restore(file, output, &args),
        Command::Migrate(args) => commands::migrate::migrate(file, output, &args),
        Command::VerifyBackup(args) => commands::backup::verify(file, output, &args),
        Command::Audit(audit) => commands::audit::audit(file, output, &audit),
        Command::Jobs => commands::jobs::list(file, output),
        Command::Top(args) => top::top(file, output, &args),
        Command::Overview
        | Command::Webhook(_)
        | Command::Session(_)
        | Command::Mail(_)
        | Command::Provider(ProviderCommand::List | ProviderCommand::Check { .. }) => {
            Err(Failure::Usage("this command asks a running server: pass --server URL".to_owned()))
        }
        Command::Provider(ProviderCommand::Remove { id, sure }) => {
            commands::provider::remove(file, output, &id, sure.yes)
        }
        Command::Branding(command) => match command {
            BrandingCommand::Show => commands::branding::show(file, output),
            BrandingCommand::Set(set) => commands::branding::set(file, output, &set),
        },
        Command::Config(command) => match command {
            ConfigCommand::Show => config::show::show(file, output),
            ConfigCommand::Check => config::show::check(file, output),
        },
        Command::Doctor => doctor::doctor(file, output),
        Command::Health(health) => commands::health::health(file, output, &health),
        Command::Completions(completions) => commands::program::completions(&completions),
        Command::Man(man) => commands::program::man(output, &man),
        Command::Openapi => commands::openapi::print(),
    }
}

fn run_workspace(file: Option<&Path>, output: Output, command: WorkspaceCommand) -> Result<(), Failure> {
    use commands::{credential_keys, workspace};
    match command {
        WorkspaceCommand::Add { name, slug } => workspace::add(file, output, &name, slug.as_deref()),
        WorkspaceCommand::List(page) => workspace::list(file, output, &page),
        WorkspaceCommand::Show { id } => workspace::show(file, output, &id),
        WorkspaceCommand::Set(workspace) => workspace::set(file, output, &workspace),
        WorkspaceCommand::Secret { id, rotate } => workspace::secret(file, output, &id, rotate),
        WorkspaceCommand::CredentialKeys { id, rotate } => credential_keys::run(file, output, &id, rotate),
        WorkspaceCommand::Remove { id, sure } => workspace::remove(file, output, &id, sure.yes),
    }
}

/// Reads the environment file: the one that is named, or that of the machine for what concerns its installation.
fn read_environment(cli: &Cli) -> Result<(), Failure> {
    if let Some(file) = &cli.env_file {
        return environment::read(file);
    }
    let is_elsewhere = cli.remote.server.is_some() || !config::is_of_the_machine(cli.config.as_deref());
    match &cli.command {
        Command::Demo(_) | Command::Completions(_) | Command::Man(_) | Command::Openapi => Ok(()),
        _ if is_elsewhere => Ok(()),
        Command::Serve(_) | Command::Health(_) => environment::read_system(Unreadable::Passed),
        _ => environment::read_system(Unreadable::Reported),
    }
}

fn run_resource(file: Option<&Path>, output: Output, command: ResourceCommand) -> Result<(), Failure> {
    use commands::resource;
    match command {
        ResourceCommand::Add { uri, fields } => resource::add(file, output, &uri, &fields),
        ResourceCommand::Show { uri } => resource::show(file, output, &uri),
        ResourceCommand::Set { uri, fields } => resource::set(file, output, &uri, &fields),
        ResourceCommand::List(page) => resource::list(file, output, &page),
        ResourceCommand::Remove { uri, sure } => resource::remove(file, output, &uri, sure.yes),
    }
}

fn run_scim(file: Option<&Path>, output: Output, command: ScimCommand) -> Result<(), Failure> {
    use commands::scim;
    match command {
        ScimCommand::Add(connection) => scim::add(file, output, &connection),
        ScimCommand::List { workspace } => scim::list(file, output, &workspace),
        ScimCommand::Rotate { id, workspace, end_old, sure } => {
            scim::rotate(file, output, (&workspace, &id), end_old, sure.yes)
        }
        ScimCommand::Remove { id, workspace, sure } => scim::remove(file, output, &workspace, &id, sure.yes),
    }
}

fn run_user(file: Option<&Path>, output: Output, command: UserCommand) -> Result<(), Failure> {
    use commands::user;
    match command {
        UserCommand::Add(user) => user::add(file, output, &user),
        UserCommand::Reset { mail: true, .. } => Err(Failure::Usage("--mail needs --server".to_owned())),
        UserCommand::Reset { user, mail: false } => user::reset(file, output, &user),
        UserCommand::List(page) => user::list(file, output, &page),
        UserCommand::Show { user } => user::show(file, output, &user),
        UserCommand::Disable { user, keep_keys, sure } => {
            let keys = if keep_keys { MadeKeys::Keep } else { MadeKeys::Deactivate };
            user::disable(file, output, &user, keys, sure.yes)
        }
        UserCommand::Impersonation { user, workspace, allow, deny } => {
            let permission = user::Permission::of(allow, deny);
            user::impersonation(file, output, &user, workspace.as_deref(), permission)
        }
        UserCommand::Enable { user } => user::enable(file, output, &user),
        UserCommand::Set(fields) => user::set(file, output, &fields),
        UserCommand::Remove { later: true, .. } => Err(Failure::Usage("--later needs --server".to_owned())),
        UserCommand::Remove { user, later: false, sure } => user::remove(file, output, &user, sure.yes),
        UserCommand::Export { user } => user::export(file, &user),
        UserCommand::Credentials { user, retire, sure } => {
            user::credentials(file, output, &user, retire.as_deref(), sure.yes)
        }
        UserCommand::Sessions { user, end, end_all, sure } => {
            user::sessions(file, output, &user, end.as_deref(), end_all, sure.yes)
        }
    }
}

fn run_app(file: Option<&Path>, output: Output, command: AppCommand) -> Result<(), Failure> {
    use commands::app;
    match command {
        AppCommand::Add(app) => app::add(file, output, &app),
        AppCommand::List(list) => app::list(file, output, &list),
        AppCommand::Show { id } => app::show(file, output, &id),
        AppCommand::Set(app) => app::set(file, output, &app),
        AppCommand::RotateSecret(args) => app::rotate_secret(file, output, &args),
        AppCommand::EndSecret { id, sure } => app::end_secret(file, output, &id, sure.yes),
        AppCommand::Remove { id, sure } => app::remove(file, output, &id, sure.yes),
        AppCommand::Invite(invitation) => app::invite::invite(file, output, &invitation),
        AppCommand::Invitations(page) => app::invite::list(file, output, &page),
        AppCommand::Documents(list) => app::documents::list(file, output, &list),
        AppCommand::Block { subject, sure } => app::documents::block(file, output, &subject, sure.yes),
        AppCommand::Unblock { subject } => app::documents::unblock(file, output, &subject),
        AppCommand::Blocks(page) => app::documents::list_blocks(file, output, &page),
        AppCommand::Uninvite { id, sure } => app::invite::remove(file, output, &id, sure.yes),
    }
}
