//! Commands on a server elsewhere: `sigma --server URL` does by its management API what the same command does on a database.

mod account;
mod admins;
mod api_keys;
mod apps;
mod audit;
mod client;
mod declarations;
mod documents;
mod impersonators;
mod installation;
mod invitations;
mod keys;
mod links;
mod look;
mod mails;
mod orgs;
mod people;
mod resources;
mod scim;
mod sessions;
mod transfer;
mod webhooks;

use serde_json::Value;

use self::client::Client;
use crate::args::{
    AddUser, AdminCommand, AppCommand, BrandingCommand, Command, ConfigCommand, ExportCommand, ImportCommand,
    KeysCommand, PeopleCommand, RemoteArgs, UserCommand, WorkspaceCommand,
};
use crate::commands::user::Permission;
use crate::failure::Failure;
use crate::output::{Output, fields};

/// Runs the command on that server.
///
/// # Errors
/// The API has no such operation, refuses it, or cannot be reached.
pub fn run(args: &RemoteArgs, server: &str, output: Output, command: Command) -> Result<(), Failure> {
    if !is_there(&command) {
        return Err(no_api());
    }
    let client = Client::open(args, server)?;
    match command {
        Command::User(command) => person(&client, output, command),
        Command::People(PeopleCommand::Import(import)) | Command::Import(ImportCommand::People(import)) => {
            transfer::import(&client, output, &import)
        }
        Command::People(PeopleCommand::Export { hashes }) | Command::Export(ExportCommand::People { hashes }) => {
            transfer::export(&client, hashes)
        }
        Command::Apply(args) => declarations::apply(&client, output, &args),
        Command::Import(ImportCommand::Config(args)) => declarations::apply(&client, output, &args.into()),
        Command::Export(ExportCommand::Config) => declarations::export(&client, output),
        Command::App(command) => match *command {
            AppCommand::List(list) => apps::list(&client, output, &list),
            AppCommand::Show { id } => apps::show(&client, output, &id),
            AppCommand::Add(add) => apps::add(&client, output, &add),
            AppCommand::Set(set) => apps::set(&client, output, &set),
            AppCommand::RotateSecret(rotate) => apps::rotate_secret(&client, output, &rotate),
            AppCommand::EndSecret { id, sure } => apps::end_secret(&client, output, &id, sure.yes),
            AppCommand::Remove { id, sure } => apps::remove(&client, output, &id, sure.yes),
            AppCommand::Invite(invitation) => invitations::invite(&client, output, &invitation),
            AppCommand::Invitations(page) => invitations::list(&client, output, &page),
            AppCommand::Uninvite { id, sure } => invitations::remove(&client, output, &id, sure.yes),
            AppCommand::Documents(list) => documents::list(&client, output, &list),
            AppCommand::Block { subject, sure } => documents::block(&client, output, &subject, sure.yes),
            AppCommand::Unblock { subject } => documents::unblock(&client, output, &subject),
            AppCommand::Blocks(page) => documents::list_blocks(&client, output, &page),
        },
        Command::Admin(AdminCommand::List) => admins::list(&client, output),
        Command::Admin(AdminCommand::Add { user, role }) => admins::add(&client, output, &user, role.into()),
        Command::Admin(AdminCommand::Remove { user, sure }) => admins::remove(&client, output, &user, sure.yes),
        Command::Resource(command) => resources::run(&client, output, command),
        Command::Keys(KeysCommand::List) => keys::list(&client, output),
        Command::Keys(KeysCommand::Rotate { now, alg }) => keys::rotate(&client, output, now, &alg),
        Command::Keys(KeysCommand::Revoke { kid, sure }) => keys::revoke(&client, output, &kid, sure.yes),
        Command::Link(command) => links::run(&client, output, command),
        Command::ApiKey(command) => api_keys::run(&client, output, command),
        Command::Audit(audit) => audit::audit(&client, output, &audit),
        Command::Overview => overview(&client, output),
        Command::Webhook(command) => webhooks::run(&client, output, command),
        Command::Scim(command) => scim::run(&client, output, command),
        Command::Session(command) => sessions::run(&client, output, command),
        Command::Mail(command) => mails::run(&client, output, command),
        Command::Provider(command) => installation::providers(&client, output, command),
        Command::Branding(BrandingCommand::Show) => look::show(&client, output),
        Command::Branding(BrandingCommand::Set(set)) => look::set(&client, output, &set),
        Command::Config(ConfigCommand::Show) => installation::settings(&client, output),
        Command::Doctor => installation::doctor(&client, output),
        Command::Workspace(WorkspaceCommand::List(page)) => orgs::list(&client, output, &page),
        Command::Workspace(WorkspaceCommand::Show { id }) => orgs::show(&client, output, &id),
        Command::Workspace(WorkspaceCommand::Add { name, slug }) => orgs::add(&client, output, &name, slug.as_deref()),
        Command::Workspace(WorkspaceCommand::Remove { id, sure }) => orgs::remove(&client, output, &id, sure.yes),
        Command::Workspace(WorkspaceCommand::Set(change)) => orgs::set(&client, output, &change),
        _ => Err(no_api()),
    }
}

fn person(client: &Client, output: Output, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(user) => people::add(client, output, &user),
        UserCommand::List(page) => people::list(client, output, &page),
        UserCommand::Show { user } => people::show(client, output, &user),
        UserCommand::Set(fields) => people::set(client, output, &fields),
        UserCommand::Reset { user, .. } => account::reset(client, output, &user),
        UserCommand::Credentials { user, retire, sure } => {
            account::credentials(client, output, &user, retire.as_deref(), sure.yes)
        }
        UserCommand::Export { user } => account::export(client, &user),
        UserCommand::Remove { user, later, sure } => account::remove(client, output, &user, later, sure.yes),
        UserCommand::Disable { user, keep_keys, sure } => people::disable(client, output, &user, keep_keys, sure.yes),
        UserCommand::Enable { user } => people::enable(client, output, &user),
        UserCommand::Sessions { end: Some(id), sure, .. } => sessions::end(client, output, &id, sure.yes),
        UserCommand::Sessions { user, end: None, end_all, sure } => {
            people::sessions(client, output, &user, end_all, sure.yes)
        }
        UserCommand::Impersonation { user, workspace, allow, deny } => {
            let permission = Permission::of(allow, deny);
            impersonators::impersonation(client, output, &user, workspace.as_deref(), permission)
        }
    }
}

fn no_api() -> Failure {
    let words = "the management API has no such operation: run the command where the database is, without --server";
    Failure::NoApi(words.to_owned())
}

/// Whether the API does what the command does; asked before anything is sent.
fn is_there(command: &Command) -> bool {
    match command {
        Command::User(command) => !matches!(
            command,
            UserCommand::Add(AddUser { password_stdin: true, .. }) | UserCommand::Reset { mail: false, .. }
        ),
        Command::Workspace(command) => matches!(
            command,
            WorkspaceCommand::List(_)
                | WorkspaceCommand::Show { .. }
                | WorkspaceCommand::Add { .. }
                | WorkspaceCommand::Set(_)
                | WorkspaceCommand::Remove { .. }
        ),
        Command::Config(command) => matches!(command, ConfigCommand::Show),
        Command::Keys(command) => !matches!(command, KeysCommand::Rekey { .. }),
        Command::App(_)
        | Command::Resource(_)
        | Command::Admin(_)
        | Command::People(_)
        | Command::Apply(_)
        | Command::Export(_)
        | Command::Import(_)
        | Command::Overview
        | Command::Webhook(_)
        | Command::Session(_)
        | Command::Provider(_)
        | Command::Mail(_)
        | Command::Branding(_)
        | Command::Audit(_)
        | Command::Scim(_)
        | Command::Link(_)
        | Command::ApiKey(_)
        | Command::Doctor => true,
        _ => false,
    }
}

/// Prints how the installation is doing.
fn overview(client: &Client, output: Output) -> Result<(), Failure> {
    let seen = client.get("overview", &[])?;
    output.answer(&seen, |seen| {
        let counted = |count: &Value| {
            let more = if count.at("more").as_bool() == Some(true) { "more than " } else { "" };
            format!("{more}{}", text(count.at("count")))
        };
        let queue = |name: &str| {
            let queue = seen.at(name);
            format!("{} waiting, {} of them failing", counted(queue.at("waiting")), counted(queue.at("failing")))
        };
        let bytes = seen.at("database_bytes").as_u64().unwrap_or_default();
        fields(&[
            ("version", text(seen.at("version"))),
            ("database", format!("{}, {} MiB", text(seen.at("engine")), bytes / (1024 * 1024))),
            ("people", counted(seen.at("people"))),
            ("apps", counted(seen.at("apps"))),
            ("workspaces", counted(seen.at("orgs"))),
            ("sessions", counted(seen.at("sessions"))),
            ("mails", queue("mails")),
            ("webhooks", queue("webhooks")),
            ("logouts", queue("logouts")),
            ("jobs", queue("jobs")),
        ])
    })
}

/// What an answer holds.
trait Members {
    /// The member of that name; null without one.
    fn at(&self, name: &str) -> &Value;
}

impl Members for Value {
    fn at(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Self::Null)
    }
}

/// A value as a cell of a table: nothing for null.
fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// The path of one of a list.
fn one(list: &str, id: &str) -> String {
    let segment: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    // A plus is a space in a form, and itself in a path.
    format!("{list}/{}", segment.replace('+', "%20"))
}

/// The entries of a list.
fn items(list: &Value) -> &[Value] {
    list.at("items").as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Prints a page of a list as rows of `table`, and how to get the next one.
fn print_list(
    output: Output,
    list: &Value,
    command: &str,
    empty: &str,
    table: impl FnOnce(&[Value]) -> String,
) -> Result<(), Failure> {
    output.answer(list, |list| {
        let found = items(list);
        let rows = if found.is_empty() { empty.to_owned() } else { table(found) };
        match list.at("next").as_str() {
            Some(next) => format!("{rows}\n\nThere are more: {command} --after '{next}'"),
            None => rows,
        }
    })
}
