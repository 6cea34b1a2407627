//! `sigma keys` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::{Members as _, items, one, text};
use crate::args::AlgArg;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};
use sigma_core::jose::Algorithm;

/// Lists every key.
pub fn list(client: &Client, output: Output) -> Result<(), Failure> {
    print(output, &client.get("keys", &[])?)
}

/// Rotates keys early, and lists all keys.
pub fn rotate(client: &Client, output: Output, now: bool, algorithms: &[AlgArg]) -> Result<(), Failure> {
    let algorithms: Vec<&str> = match algorithms {
        [] => Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect(),
        chosen => chosen.iter().map(|chosen| Algorithm::from(*chosen).as_str()).collect(),
    };
    print(output, &client.post("keys/rotate", &json!({"algorithms": algorithms, "now": now}))?)
}

/// Deletes a key that no longer signs, and thereby its tokens, after confirmation.
pub fn revoke(client: &Client, output: Output, kid: &str, yes: bool) -> Result<(), Failure> {
    let keys = client.get("keys", &[])?;
    let Some(key) = items(&keys).iter().find(|key| key.at("kid").as_str() == Some(kid)) else {
        return Err(Failure::NotFound(format!("there is no signing key \"{kid}\"")));
    };
    if key.at("state").as_str() != Some("signs") {
        confirm(yes, &format!("every token signed with the key {kid} becomes invalid immediately"))?;
    }
    client.delete(&one("keys", kid))?;
    list(client, output)
}

fn print(output: Output, keys: &Value) -> Result<(), Failure> {
    output.answer(keys, |keys| {
        let row = |key: &Value| ["kid", "alg", "state", "active_from", "delete_after"].map(|name| text(key.at(name)));
        table(["KEY ID", "ALG", "STATE", "SIGNS FROM", "KEPT UNTIL"], &items(keys).iter().map(row).collect::<Vec<_>>())
    })
}
