//! `sigma completions` and `sigma man`: what shells and manual readers know of the commands.

use std::fs;

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output::{Output, print};

/// Prints the completions for a shell.
pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sigma", &mut script);
    print(text(script)?.trim_end())
}

/// Prints the manual page of `sigma`, or writes those of all commands into a directory.
pub fn man(output: Output, args: &ManArgs) -> Result<(), Failure> {
    let Some(directory) = &args.to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command().disable_help_subcommand(true))
            .render(&mut page)
            .map_err(|error| Failure::Failed(format!("the manual page cannot be made: {error}")))?;
        return print(text(page)?.trim_end());
    };
    let failed = |error: std::io::Error| Failure::Failed(format!("cannot write to {}: {error}", directory.display()));
    fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(failed)?;
    let pages = fs::read_dir(directory).map_err(failed)?.count();
    let written = serde_json::json!({ "directory": directory, "pages": pages });
    output.answer(&written, |_| format!("Wrote {pages} pages to {}.", directory.display()))
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::Failed(error.to_string()))
}
