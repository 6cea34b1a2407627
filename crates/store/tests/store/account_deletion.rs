//! What is stored about a user is deleted with the account, or expires by itself.

/// Tables with a user that the deletion leaves: what is in them expires, is deleted by a rule of its own, or is a record of
/// others.
const LEFT: [&str; 8] =
    ["merits", "codes", "grants", "sessions", "events", "email_sign_ups", "memberships", "account_deletions"];

#[test]
fn every_table_about_users_is_deleted_with_the_account_or_expires() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let deletion = include_str!("../../src/account_deletion.rs");
    let mut missing = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for table in sql.split("CREATE TABLE ").skip(1) {
            let (name, columns) = table.split_once('(').unwrap();
            let columns = columns.split("\n);").next().unwrap();
            let is_about_users = columns.lines().any(|line| line.trim_start().starts_with("user_id "));
            let name = name.trim();
            if is_about_users && !LEFT.contains(&name) && !deletion.contains(&format!("delete!(\"{name}\"")) {
                missing.push(name.to_owned());
            }
        }
    }
    // The password's hash is deleted along with its share of the counts, and the objects of pictures before their rows.
    missing.retain(|name| name != "passwords" && name != "pictures");
    assert!(missing.is_empty(), "add them to DELETIONS in account_deletion.rs and to account_data.rs: {missing:?}");
}
