//! Many users in a database, written by SQL: a million sign-ups would take longer than the measurement is worth.

use std::path::Path;

use rusqlite::Connection;

use crate::system::Failure;

/// Adds `count` users, each with a key and an identity.
pub fn add(database: &Path, count: u32) -> Result<(), Failure> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")?;
    let numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)";
    let statements = [
        "INSERT INTO users (id, name, pubkey, origin_bound, disabled, created_at, updated_at)
         SELECT printf('user_%024x', n), 'Person ' || n, printf('02%064x', n), 0, 0, n, n FROM numbers",
        "INSERT INTO credentials (kind, id, user_id, created_at)
         SELECT 'key', printf('02%064x', n), printf('user_%024x', n), n FROM numbers",
        "INSERT INTO identities (bap_id, user_id, pubkey, name, proof, is_primary, created_at, updated_at)
         SELECT printf('bench%023d', n), printf('user_%024x', n), printf('02%064x', n), 'Person ' || n, 'none', 1, n, n
         FROM numbers",
    ];
    for statement in statements {
        connection.execute(&format!("{numbers} {statement}"), [count])?;
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
