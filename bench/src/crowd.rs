//! Many workspaces and a large one, written by SQL: inviting that many members would take longer than the measurement
//! is worth.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::org::BenchOrg;
use crate::system::Failure;

/// Members per bucket of a list.
const BUCKET: u32 = 256;

/// Adds `count` workspaces with two roles, a secret and one member each.
pub fn add_workspaces(database: &Path, count: u32) -> Result<(), Failure> {
    let statements = [
        "INSERT INTO orgs (id, name, created_at, quick_logins, updated_at, removed_at)
         SELECT printf('org_c%023x', n), 'Workspace ' || n, n, 0, n, NULL FROM numbers",
        "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions,
            catalog_permissions, schemas, catalogs, bytes, created_at, updated_at)
         SELECT printf('org_c%023x', n), printf('role_%s%023x', kind, n), kind, kind, '', 0, '[]', '[]', 0, 0, 0, n, n
         FROM numbers, (SELECT 'a' AS kind UNION ALL SELECT 'b')",
        "INSERT INTO org_secrets (org_id, kid, secret, created_at, retired_at, delete_after)
         SELECT printf('org_c%023x', n), printf('kid%d', n), randomblob(61), n, NULL, NULL FROM numbers",
        "INSERT INTO users (id, name, origin_bound, disabled, created_at, updated_at)
         SELECT printf('user_a%023x', n), 'Person ' || n, 0, 0, n, n FROM numbers",
        "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at)
         SELECT printf('lone-%d@example.org', n), printf('user_a%023x', n), printf('lone-%d@example.org', n), n, 1, n
         FROM numbers",
        "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch, created_at, updated_at)
         SELECT printf('org_c%023x', n), printf('user_a%023x', n), printf('role_a%023x', n), 'active', 0, 0, n, n, n
         FROM numbers",
        "INSERT INTO member_buckets (org_id, bucket, members) SELECT printf('org_c%023x', n), 0, 1 FROM numbers",
    ];
    write(database, |connection| {
        for statement in statements {
            connection.execute(&numbered(statement), params![count])?;
        }
        Ok(())
    })
}

/// Adds `count` members to a workspace, after its existing ones.
pub fn add_members(database: &Path, org: &BenchOrg, count: u32) -> Result<(), Failure> {
    let (org, role) = (org.id.as_str(), org.member_role.as_str());
    write(database, |connection| {
        let people = [
            "INSERT INTO users (id, name, origin_bound, disabled, created_at, updated_at)
             SELECT printf('user_f%023x', n), 'Person ' || n, 0, 0, n, n FROM numbers",
            "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at)
             SELECT printf('many-%d@example.org', n), printf('user_f%023x', n), printf('many-%d@example.org', n), n, 1, n
             FROM numbers",
        ];
        for statement in people {
            connection.execute(&numbered(statement), params![count])?;
        }
        connection.execute(
            &numbered(
                "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch, created_at,
                    updated_at)
                 SELECT ?2, printf('user_f%023x', n), ?3, 'active', 0, 1 + (n - 1) / ?4, n, n, n FROM numbers",
            ),
            params![count, org, role, BUCKET],
        )?;
        connection.execute(
            "INSERT INTO member_buckets (org_id, bucket, members)
             SELECT org_id, bucket, COUNT(*) FROM memberships WHERE org_id = ?1 AND bucket > 0 GROUP BY org_id, bucket",
            params![org],
        )?;
        Ok(())
    })
}

fn numbered(statement: &str) -> String {
    format!("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1) {statement}")
}

fn write(database: &Path, work: impl FnOnce(&Connection) -> Result<(), Failure>) -> Result<(), Failure> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN")?;
    work(&connection)?;
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sigma_core::ids::{OrgId, RoleId};
    use sigma_store::{Store, StoreOptions};

    use super::*;
    use crate::system::{SystemClock, SystemRng};

    #[test]
    fn a_crowd_fits_the_schema() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("sigma.sqlite");
        let options = StoreOptions::serve(format!("sqlite:{}", database.display()));
        Store::open(&options, Arc::new(SystemClock), Arc::new(SystemRng)).unwrap().close();
        add_workspaces(&database, 3).unwrap();
        let org = BenchOrg {
            id: OrgId::from_text(format!("org_c{:023x}", 1)),
            member_role: RoleId::from_text(format!("role_b{:023x}", 1)),
            emails: Vec::new(),
            service_key: String::new(),
            keys: Vec::new(),
        };
        add_members(&database, &org, 300).unwrap();
        let count = |table: &str| -> u32 {
            let connection = Connection::open(&database).unwrap();
            connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(["orgs", "users", "memberships", "member_buckets"].map(count), [3, 303, 303, 5]);
    }
}
