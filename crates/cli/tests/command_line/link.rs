//! `sigma link`, as an operator types it.

use serde_json::json;

use crate::support::Installation;

#[test]
fn an_app_is_linked_to_an_org_listed_and_unlinked() {
    let sigma = Installation::new();
    for (slug, name) in [("bakery", "Bakery"), ("harbour", "Harbour")] {
        sigma.json(&["workspace", "add", "--slug", slug, "--name", name]);
    }
    let site = "https://badges.example";
    sigma.json(&["app", "add", "--client-id", "badges", "--name", "Badges", "--org", "bakery", "--site-url", site]);
    let link = ["link", "add", "badges", "--org", "harbour", "--permission"];
    let linked = sigma.json(&[link.as_slice(), &["CanSendAllMeritTemplates"]].concat());
    assert_eq!((&linked["app_name"], &linked["permissions"]), (&json!("Badges"), &json!(["CanSendAllMeritTemplates"])));
    let wider = ["CanEditOrg", "--permission", "CanManageAllMeritTemplates"];
    let replaced = sigma.json(&[link.as_slice(), &wider].concat());
    assert_eq!(replaced["permissions"], json!(["CanEditOrg", "CanManageAllMeritTemplates"]));
    let listed = sigma.json(&["link", "list", "--org", "harbour"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["app_name"]), (1, &json!("Badges")));

    assert_eq!(sigma.run(&[link.as_slice(), &["CanFly"]].concat()).code, 2);
    let own = sigma.run(&["link", "add", "badges", "--org", "bakery", "--permission", "CanEditOrg"]);
    assert_eq!(own.code, 4, "its own org");
    assert_eq!(sigma.run(&["link", "add", "nobody", "--org", "harbour", "--permission", "CanEditOrg"]).code, 3);
    assert_eq!(sigma.run(&["link", "list", "--org", "nobody"]).code, 3);

    sigma.json(&["link", "remove", "badges", "--org", "harbour", "--yes"]);
    assert_eq!(sigma.json(&["link", "list", "--org", "harbour"]), json!([]));
    assert_eq!(sigma.run(&["link", "remove", "badges", "--org", "harbour", "--yes"]).code, 3);
}
