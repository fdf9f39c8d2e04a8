//! `kind = "plugin"`: which plugin, and its settings.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::DeValue;

use super::password_safe::read_request_timeout;
use crate::config::reader::{At, TableReader};
use crate::config::secret::SecretRef;
use crate::config::{Context, key};
use crate::plugin::folder::{Installed, load_by_name};
use crate::plugin::plugin_settings::{Given, check_settings};

/// One plugin in use, checked.
#[derive(Debug, Clone)]
pub struct PluginVaultConfig {
    /// The plugin.
    pub installed: Installed,
    /// Its settings, which fit what it takes.
    pub settings: BTreeMap<String, Given>,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
    /// How long one call may take.
    pub request_timeout: Duration,
}

impl PluginVaultConfig {
    pub(super) fn from_reader(
        reader: &mut TableReader<'_, '_>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let request_timeout = read_request_timeout(reader);
        let environment = reader.words(&key::VAULT_ENVIRONMENT);
        let environment_is_wrong = environment.is_none() && reader.has(key::VAULT_ENVIRONMENT.name);
        let name = reader.text(&key::VAULT_PLUGIN);
        let given = read_settings(reader, context);
        if name.is_none() && !reader.has(key::VAULT_PLUGIN.name) {
            let advice = format!("add for example: plugin = {}", key::VAULT_PLUGIN.example);
            reader.problem(reader.span(), "this vault names no `plugin`", advice);
        }
        let At { value: name, span } = name?;
        let installed = match load_by_name(&context.plugins, name) {
            Ok(installed) => installed,
            Err(error) => {
                let advice = error.advice();
                reader.problem(span, format!("plugin {name}: {error}"), advice);
                return None;
            }
        };
        let given = given?;
        let settings: BTreeMap<String, Given> =
            given.iter().map(|(name, at)| (name.clone(), at.value.clone())).collect();
        if let Err(problems) = check_settings(&installed.manifest, &settings) {
            for problem in problems {
                let at = given.get(&problem.setting).map(|at| at.span.clone());
                let at = at.unwrap_or_else(|| span.clone());
                reader.problem(at, problem.message, problem.advice);
            }
            return None;
        }
        let environment = environment.unwrap_or_default();
        (!environment_is_wrong).then_some(Self {
            installed,
            settings,
            environment,
            request_timeout,
        })
    }
}

fn read_settings(
    reader: &mut TableReader<'_, '_>,
    context: &Context<'_>,
) -> Option<BTreeMap<String, At<Given>>> {
    let Some(settings) = reader.foreign(key::VAULT_SETTINGS.name) else {
        return Some(BTreeMap::new());
    };
    let Some(table) = settings.get_ref().as_table() else {
        let advice = format!("write for example: settings = {}", key::VAULT_SETTINGS.example);
        reader.problem(settings.span(), "`settings` must be a table", advice);
        return None;
    };
    let mut read = BTreeMap::new();
    let mut is_whole = true;
    for (name, value) in table.iter() {
        let name = name.get_ref().to_string();
        match read_setting(reader, context, &name, value) {
            Some(given) => {
                read.insert(name, At { value: given, span: value.span() });
            }
            None => is_whole = false,
        }
    }
    is_whole.then_some(read)
}

fn read_setting(
    reader: &TableReader<'_, '_>,
    context: &Context<'_>,
    name: &str,
    value: &toml::Spanned<DeValue<'_>>,
) -> Option<Given> {
    match value.get_ref() {
        DeValue::String(text) => Some(Given::Plain(text.to_string().into())),
        DeValue::Boolean(on) => Some(Given::Plain((*on).into())),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
            if read.is_none() {
                let advice = "write a number of at most 64 bits";
                reader.problem(value.span(), format!("`{name}` is out of range"), advice);
            }
            read.map(|number| Given::Plain(number.into()))
        }
        DeValue::Table(_) => {
            let At { value: reference, span }: At<SecretRef> =
                reader.secret_reference(name, value)?;
            match reference.fetch_bytes(context.base, context.surroundings) {
                Ok(bytes) => Some(Given::Secret(bytes.to_vec().into())),
                Err(error) => {
                    reader.problem(span, error.to_string(), error.advice());
                    None
                }
            }
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
            reader.problem(
                value.span(),
                format!("`{name}` is of a kind that no plugin takes"),
                "write a text, a whole number, true or false, or a secret reference",
            );
            None
        }
    }
}
