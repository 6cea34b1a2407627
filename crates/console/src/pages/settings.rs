//! `/console/settings`: the settings in force, and where each comes from.

use axum::extract::State;
use axum::response::Response;
use sigma_core::operator::OperatorRight;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::settings::Setting;
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::branding::{self, Branded};
use sigma_store::operator::may;

use crate::operator::Operator;
use crate::outcome::PageError;
use crate::view::{SettingRow, SettingsGroup, SettingsPage, Tab};

/// The sections that say who may do what, shown first.
const POLICIES: [&str; 9] =
    ["sign_in", "sign_up", "registration", "passwords", "links", "accounts", "authorization", "tokens", "limits"];

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/console/settings", show)
}

async fn show(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    let caller = operator.caller();
    let read = move |tx: &mut dyn Tx| {
        may(tx, &caller, OperatorRight::ReadSettings)?;
        Ok(branding::find(tx, &Branded::Server)?)
    };
    let set = operator.read(&sigma, read).await?;
    let (mut policies, mut others): (Vec<SettingsGroup>, Vec<SettingsGroup>) = (Vec::new(), Vec::new());
    for setting in sigma.settings.in_force_with(&set) {
        let section = setting.key.split_once('.').map_or("", |(section, _)| section).to_owned();
        let groups = if POLICIES.contains(&section.as_str()) { &mut policies } else { &mut others };
        let row = row(setting);
        match groups.iter_mut().find(|group| group.section == section) {
            Some(group) => group.rows.push(row),
            None => groups.push(SettingsGroup { section, rows: vec![row] }),
        }
    }
    let place = |group: &SettingsGroup| POLICIES.iter().position(|policy| *policy == group.section);
    policies.sort_by_key(place);
    // Those that belong to no section come first.
    others.sort_by_key(|group| !group.section.is_empty());
    let view = SettingsPage { policies, others };
    Ok(view.render(&operator.frame(Tab::Settings, None), &operator.page(&sigma)))
}

fn row(setting: Setting) -> SettingRow {
    SettingRow {
        value: (!setting.value.is_null()).then(|| match &setting.value {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        }),
        origin: match setting.origin.kind() {
            "file" => "console-setting-file",
            "environment" => "console-setting-environment",
            "console" => "console-setting-console",
            _ => "console-setting-default",
        },
        origin_name: setting.origin.name().map(str::to_owned),
        key: setting.key,
    }
}
