//! Sending merits to many by a CSV file: reading, columns, progress, stop and resume, and the report.

use http::StatusCode;
use sigma_server::merits::batches;

use crate::support::{Answer, Browser, TestOrg, World};

fn at(org: &TestOrg<'_>, below: &str) -> String {
    format!("/org/{}/{below}", org.org)
}

struct Bakery<'w> {
    world: &'w World,
    org: TestOrg<'w>,
    ada: Browser<'w>,
    template: String,
    /// The name of the input that chooses the column of the field "Grade".
    grade: String,
}

impl<'w> Bakery<'w> {
    async fn new(world: &'w World) -> Self {
        let org = world.verified_org("Bakery").await;
        org.add("ada@example.org", &org.admin).await;
        let ada = world.entered("ada@example.org").await;
        let made = ada.post_form(&at(&org, "templates/new"), &[("title", "Baker"), ("description", "For bread")]).await;
        let page = made.location().strip_suffix("?done=created").unwrap().to_owned();
        let field = [("name", "Grade"), ("description", ""), ("kind", "ShortText")];
        ada.post_form(&format!("{page}/fields"), &field).await;
        let template = page.rsplit('/').next().unwrap().to_owned();
        let send = ada.get(&format!("{}?template={template}", at(&org, "send"))).await.body;
        let grade = send.split("name=\"field_").nth(1).unwrap().split('"').next().unwrap().to_owned();
        world.tick();
        Self { world, org, ada, template, grade: format!("column_{grade}") }
    }

    async fn read(&self, file: &[u8]) -> Answer {
        let fields = [("template", self.template.as_str())];
        self.ada.upload(&at(&self.org, "import/read"), &fields, ("file", "list.csv", file)).await
    }

    /// Keeps a list with these columns; returns the answer, a redirect to its page.
    async fn keep(&self, text: &str, columns: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("template", self.template.as_str()), ("file_name", "list.csv")];
        fields.extend(columns);
        self.world.tick();
        self.ada.upload(&at(&self.org, "import"), &fields, ("text", "", text.as_bytes())).await
    }

    async fn run(&self) {
        self.world.work_off(batches::kinds(&self.world.sigma)).await;
    }

    async fn count(&self) -> i64 {
        let org = self.org.org.clone();
        let counted = self.world.sigma.store.read(move |tx| {
            let row = tx.query_opt("SELECT count(*) FROM merits WHERE org_id = $1", sigma_store::params![&org])?;
            row.map_or(Ok(0), |row| row.int(0))
        });
        counted.await.unwrap()
    }
}

#[tokio::test]
async fn a_list_is_read_mapped_sent_and_reported_line_by_line() {
    let world = World::with_orgs().await;
    let bakery = Bakery::new(&world).await;
    let text = "\u{feff}Name;E-Mail;Grade\r\n\"Lovelace; \"\"Ada\"\"\";ada@example.org;=1+1\r\n;ben@example.org;B\r\n\
                Cleo;not an address;C\r\nDora;dora@example.org;<b>D</b>\r\n";
    let read = bakery.read(text.as_bytes()).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.body);
    assert!(read.body.contains("list.csv has 4 lines") && !read.body.contains("<b>D"), "{}", read.body);
    // Columns are guessed by their names.
    for name in ["column_email", "column_name", &bakery.grade] {
        let select = read.body.split(&format!("name=\"{name}\"")).nth(1).unwrap().split("</select>").next().unwrap();
        assert!(select.contains(" selected"), "{name}: {select}");
    }
    let columns = [("column_email", "1"), ("column_name", "0"), (bakery.grade.as_str(), "2")];
    let kept = bakery.keep(text, &columns).await;
    let page = kept.location().to_owned();
    assert!(page.contains("/import/mbt_"), "{} {}", kept.status, kept.body);
    assert!(bakery.ada.get(&page).await.body.contains("Send 4 merits"));
    assert_eq!(bakery.count().await, 0, "nothing is sent before somebody says so");

    assert_eq!(bakery.ada.post_form(&format!("{page}/start"), &[]).await.location(), page);
    assert_eq!(bakery.ada.post_form(&format!("{page}/start"), &[]).await.location(), page, "twice is once");
    bakery.run().await;
    assert_eq!(bakery.count().await, 2);
    let shown = bakery.ada.get(&page).await.body;
    assert!(shown.contains("4 of 4 done, 2 failed") && shown.contains("Finished"), "{shown}");
    let report = bakery.ada.get(&format!("{page}/report.csv")).await;
    assert_eq!(report.header("content-disposition"), "attachment; filename=\"report.csv\"");
    let lines: Vec<_> = report.body.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "line,email,outcome,merit_id");
    assert!(
        lines[1].starts_with("2,ada@example.org,sent,") && lines[4].starts_with("5,dora@example.org,sent,"),
        "{lines:?}"
    );
    assert_eq!(lines[2], "3,ben@example.org,invalid_fullname_value,");
    assert_eq!(lines[3], "4,not an address,invalid_request,");
    let failed = bakery.ada.get(&format!("{page}?failed=1")).await.body;
    assert!(failed.contains("the e-mail address is not valid") && !failed.contains("dora@"), "{failed}");

    // What would be a formula is text in the export.
    let export = bakery.ada.get(&format!("{}?template={}", at(&bakery.org, "sent.csv"), bakery.template)).await;
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert!(export.body.contains(",Lovelace; \"\"Ada\"\"") || export.body.contains("Lovelace;"), "{}", export.body);
    assert!(export.body.contains(",'=1+1\r\n"), "{}", export.body);
    world.tell_recipients().await;
    assert_eq!(world.mails().await.len(), 2);
}

#[tokio::test]
async fn files_that_are_no_lists_and_columns_that_are_missing_are_told_and_keep_nothing() {
    let world = World::with_orgs().await;
    let bakery = Bakery::new(&world).await;
    for (file, words) in [
        (&b""[..], "Choose a file"),
        (b" \r\n", "The file is empty"),
        (b"email,name\r\n", "no lines below"),
        (b"\xff\xfee\0m\0a\0", "not text in UTF-8"),
        (b"PK\x03\x04\x00\x00", "not text in UTF-8"),
        (b"email,name\nada@example.org,\"Ada\n", "Line 2 cannot be read"),
    ] {
        let refused = bakery.read(file).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{words}: {}", refused.body);
        assert!(refused.notice().contains(words), "{words}: {}", refused.notice());
    }
    let many = format!("email,name\n{}", "a@example.org,A\n".repeat(20_001));
    assert!(bakery.read(many.as_bytes()).await.notice().contains("more than 20000 lines"));
    let text = "email,name\nada@example.org,Ada\n";
    for columns in [
        &[][..],
        &[("column_name", "1")],
        &[("column_email", "0")],
        &[("column_email", "7"), ("column_name", "1")],
        &[("column_email", "-1"), ("column_name", "1")],
    ] {
        let refused = bakery.keep(text, columns).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{columns:?}: {}", refused.body);
        assert!(refused.notice().starts_with("Choose the column"), "{}", refused.notice());
    }
    // 100 MB are refused unread, as is a form of another kind.
    let large = vec![b'a'; 100_000_000];
    assert_eq!(bakery.read(&large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = bakery.ada.post_form(&at(&bakery.org, "import/read"), &[("template", &bakery.template)]).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let other = bakery.ada.upload(&at(&bakery.org, "import/read"), &[("template", "x")], ("file", "a", b"a\nb")).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(bakery.count().await, 0);
    assert!(!bakery.ada.get(&at(&bakery.org, "import")).await.body.contains("Earlier files"));
}

#[tokio::test]
async fn a_list_that_is_stopped_or_interrupted_goes_on_without_a_duplicate() {
    let world = World::with_orgs().await;
    let bakery = Bakery::new(&world).await;
    let lines = (0..450).fold(String::new(), |lines, number| lines + &format!("p{number}@example.org,P {number}\n"));
    let text = format!("email,name\n{lines}");
    let page = bakery.keep(&text, &[("column_email", "0"), ("column_name", "1")]).await.location().to_owned();
    bakery.ada.post_form(&format!("{page}/start"), &[]).await;
    // One step of a run that is cut off, then a stop.
    let id = sigma_core::ids::MeritBatchId::parse(page.rsplit('/').next().unwrap()).unwrap();
    let (org, batch, now) = (bakery.org.org.clone(), id.clone(), world.now());
    let ids: Vec<_> = (0..200).map(|_| sigma_core::ids::MeritId::new(now, &*world.sigma.rng)).collect();
    let step = move |tx: &mut dyn sigma_store::Tx| {
        sigma_store::merits::batch::advance(tx, &org, &batch, &ids, 100_000, now).map(drop)
    };
    world.sigma.store.decide(step).await.unwrap();
    bakery.ada.post_form(&format!("{page}/stop"), &[]).await;
    bakery.run().await;
    assert_eq!(bakery.count().await, 200, "a stopped list does not go on by itself");
    let shown = bakery.ada.get(&page).await.body;
    assert!(shown.contains("Resume with 250 lines") && shown.contains("200 of 450 done"), "{shown}");
    world.tick();
    bakery.ada.post_form(&format!("{page}/start"), &[]).await;
    bakery.run().await;
    assert_eq!(bakery.count().await, 450);
    bakery.run().await;
    assert_eq!(bakery.count().await, 450);
    assert!(bakery.ada.get(&page).await.body.contains("450 of 450 done, 0 failed"));
}

#[tokio::test]
async fn a_list_stops_when_the_budget_of_its_org_is_used_up_and_no_other_org_notices() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.merits.sends_per_day = 250;
    })
    .await;
    let bakery = Bakery::new(&world).await;
    let lines = (0..300).fold(String::new(), |lines, number| lines + &format!("p{number}@example.org,P {number}\n"));
    let text = format!("email,name\n{lines}");
    let page = bakery.keep(&text, &[("column_email", "0"), ("column_name", "1")]).await.location().to_owned();
    bakery.ada.post_form(&format!("{page}/start"), &[]).await;
    bakery.run().await;
    assert_eq!(bakery.count().await, 200);
    let shown = bakery.ada.get(&page).await.body;
    assert!(shown.contains("has sent as many merits today as it may"), "{shown}");
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let made = zoe.post_form(&at(&other, "templates/new"), &[("title", "T"), ("description", "D")]).await;
    let id = made.location().strip_suffix("?done=created").unwrap().rsplit('/').next().unwrap().to_owned();
    let form = [("template", id.as_str()), ("email", "x@example.org"), ("first_name", "X"), ("how", "send")];
    assert_eq!(zoe.post_form(&at(&other, "send"), &form).await.location(), at(&other, "sent?done=sent"));
    world.advance(25 * 3_600);
    let ada = world.entered("ada@example.org").await;
    ada.post_form(&format!("{page}/start"), &[]).await;
    bakery.run().await;
    assert_eq!(bakery.count().await, 300);
}
