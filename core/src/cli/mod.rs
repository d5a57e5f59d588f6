//! The command line: the client's calls as commands, for a person and, with `--json`, for a program.

mod access;
mod argument;
mod audit;
mod backup;
mod changes;
mod credential;
mod failure;
mod field;
mod file;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod global;
mod init;
mod item;
pub mod json;
mod later;
mod output;
mod progress;
mod read;
mod render;
mod rotate_token;
#[cfg(feature = "server")]
mod serve;
mod service_account;
mod user;
mod vault;
mod whoami;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

use failure::{Done, Failure, complain, misused};
use global::Global;
use output::Output;

use crate::error::Error;

/// End-to-end encrypted vaults, made, shared, watched and audited by program.
#[derive(Debug, Parser)]
#[command(name = "strongroom", bin_name = "strongroom", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    /// Shows whom the token is for.
    Whoami,
    RotateToken(rotate_token::RotateToken),
    /// Makes, names, finds and deletes vaults.
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Says who may do what in a vault.
    #[command(subcommand)]
    Access(access::Access),
    /// Keeps items in vaults.
    #[command(subcommand)]
    Item(item::Item),
    /// Keeps files in items.
    #[command(subcommand)]
    File(file::File),
    Read(read::Read),
    /// Makes, finds, stops and ends users.
    #[command(subcommand)]
    User(user::User),
    /// Makes, finds, changes and ends service accounts.
    #[command(subcommand)]
    ServiceAccount(service_account::ServiceAccount),
    Changes(changes::Changes),
    /// Shows who did what, and proves it.
    #[command(subcommand)]
    Audit(audit::Audit),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Migrate(backup::Migrate),
    #[cfg(feature = "server")]
    Serve(serve::Serve),
    #[command(flatten)]
    Later(later::Later),
}

/// Runs one command line, whose first argument is the program's name, and returns its exit code.
///
/// 0: done, also when the reader of a pipe left early. 1: refused or failed, as standard error says.
/// 2: not a command line of this program. 130: ended by Ctrl-C.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> u8 {
    let width = console::Term::stdout().size_checked().map(|(_, columns)| columns);
    answer(arguments, Box::new(std::io::stdout()), width, &mut std::io::stderr())
}

fn answer(arguments: Vec<OsString>, writer: Box<dyn Write + Send>, width: Option<u16>, errors: &mut dyn Write) -> u8 {
    // Known before parsing, because a refused command line is answered in JSON too.
    let json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let out = Output::new(writer, json, width);
    match Cli::try_parse_from(arguments) {
        Ok(cli) => complain(perform(cli, &out), json, errors),
        Err(refusal) => misused(&refusal, &out, errors),
    }
}

fn perform(cli: Cli, out: &Output) -> Done {
    let serves = cli.command.serves();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if !serves {
        builder.worker_threads(2);
    }
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Error::unavailable(format!("no thread can be started: {error}")).caused_by(error))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            ended = Box::pin(execute(cli, out)) => ended,
            // A server ends by itself, with what it has accepted.
            () = interrupted(), if !serves => Err(Failure::Interrupted),
        }
    });
    // A thread that waits for standard input would keep an interrupted command from ending.
    runtime.shutdown_background();
    ended
}

impl Command {
    /// Whether it runs until it is told to end.
    fn serves(&self) -> bool {
        match self {
            #[cfg(feature = "server")]
            Self::Serve(_) => true,
            _ => false,
        }
    }
}

async fn execute(cli: Cli, out: &Output) -> Done {
    let Cli { global, command } = cli;
    match command {
        Command::Init(command) => command.run(&global, out).await,
        Command::RotateToken(command) => command.run(&global, out).await,
        Command::Whoami => whoami::run(&global, out).await,
        Command::Vault(command) => command.run(&global, out).await,
        Command::Access(command) => command.run(&global, out).await,
        Command::Item(command) => command.run(&global, out).await,
        Command::File(command) => command.run(&global, out).await,
        Command::Read(command) => command.run(&global, out).await,
        Command::User(command) => command.run(&global, out).await,
        Command::ServiceAccount(command) => command.run(&global, out).await,
        Command::Changes(command) => command.run(&global, out).await,
        Command::Audit(command) => command.run(&global, out).await,
        Command::Backup(command) => command.run(&global, out).await,
        Command::Restore(command) => command.run(&global, out).await,
        Command::Migrate(command) => command.run(&global, out).await,
        #[cfg(feature = "server")]
        Command::Serve(command) => command.run(&global, out).await,
        Command::Later(command) => Err(command.refusal().into()),
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process by itself.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use output::tests::Sink;

    fn strongroom(arguments: &[&str]) -> (u8, String, String) {
        let (sink, mut errors) = (Sink::default(), Vec::new());
        let arguments: Vec<OsString> = std::iter::once(&"strongroom").chain(arguments).map(OsString::from).collect();
        let code = answer(arguments, Box::new(sink.clone()), None, &mut errors);
        (code, sink.text(), String::from_utf8(errors).unwrap())
    }

    #[test]
    fn the_commands_are_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_an_answer_and_a_wrong_argument_is_not() {
        let (code, out, errors) = strongroom(&["vault", "create", "--help"]);
        assert_eq!((code, errors.as_str()), (0, ""));
        assert!(out.contains("--external-id"));
        let (code, out, errors) = strongroom(&["vault", "crate"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(errors.contains("crate"));
        let (code, out, errors) = strongroom(&["vault", "crate", "--json"]);
        let error: serde_json::Value = serde_json::from_str(&errors).unwrap();
        assert_eq!((code, out.as_str(), &error["error"]["code"]), (2, "", &"invalid_argument".into()));
    }

    #[test]
    fn a_token_is_no_argument() {
        let (code, _, errors) = strongroom(&["whoami", "--token=hunter2"]);
        assert_eq!(code, 2);
        assert!(errors.contains("--token-file") && !errors.contains("hunter2"), "{errors}");
    }

    #[test]
    fn what_comes_later_says_what_to_use_instead() {
        for command in [
            &["accept", "code"][..],
            &["group", "list"],
            &["provision", "roster.csv"],
            &["policy", "get"],
            &["audit", "checkpoint"],
            &["audit", "export", "a.csv"],
            &["audit", "report"],
        ] {
            let (code, out, errors) = strongroom(&[command, &["--json"]].concat());
            let error: serde_json::Value = serde_json::from_str(&errors).unwrap();
            assert_eq!((code, out.as_str(), &error["error"]["code"]), (1, "", &"unsupported".into()), "{command:?}");
        }
    }
}
