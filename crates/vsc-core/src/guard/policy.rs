//! All profiles of a desk, and which one is the usual.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::policy_file::{PolicyFile, PolicyProblem, ProfileFile};
use super::profile::{Permission, Profile};

/// The built-in profiles and a site's own, checked.
#[derive(Clone, Debug)]
pub struct Policy {
    usual: Profile,
    profiles: BTreeMap<String, Profile>,
}

impl Default for Policy {
    /// The built-in profiles, of which `use` is the usual one.
    fn default() -> Self {
        let built_in = [Profile::usual(), Profile::read_only(), Profile::admin()];
        let profiles = built_in.map(|profile| (profile.name().to_owned(), profile)).into();
        Self { usual: Profile::usual(), profiles }
    }
}

impl Policy {
    /// The most profiles that a file may have.
    const MOST: usize = 64;

    /// Checks a file as a whole.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in it, not only the first thing.
    pub fn check(file: &PolicyFile) -> Result<Self, Vec<PolicyProblem>> {
        let mut policy = Self::default();
        let mut problems = Vec::new();
        if file.profiles.len() > Self::MOST {
            let message = format!("there are {} profiles", file.profiles.len());
            problems.push(problem("profiles", message, format!("have at most {}", Self::MOST)));
        }
        for (name, profile) in file.profiles.iter().take(Self::MOST) {
            let path = format!("profiles.{name}");
            check_name(&path, name, &mut problems);
            let profile = read(&path, name, profile, &mut problems);
            policy.profiles.insert(name.clone(), profile);
        }
        if let Some(name) = &file.profile {
            match policy.profiles.get(name) {
                Some(profile) => policy.usual = profile.clone(),
                None => {
                    let message = format!("there is no profile {name:?}");
                    problems.push(problem("profile", message, policy.advice()));
                }
            }
        }
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }

    /// The profile of shares that name none.
    #[must_use]
    pub fn usual(&self) -> &Profile {
        &self.usual
    }

    /// The same policy with another usual profile.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn with_usual(mut self, name: &str) -> Result<Self, PolicyProblem> {
        self.usual = self.profile(name)?.clone();
        Ok(self)
    }

    /// A profile by its name.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn profile(&self, name: &str) -> Result<&Profile, PolicyProblem> {
        let unknown = || problem("profile", format!("there is no profile {name:?}"), self.advice());
        self.profiles.get(name).ok_or_else(unknown)
    }

    fn advice(&self) -> String {
        let names: Vec<_> = self.profiles.keys().map(String::as_str).collect();
        format!("name one of these: {}", names.join(", "))
    }
}

fn problem(
    path: impl Into<String>,
    message: impl Into<String>,
    advice: impl Into<String>,
) -> PolicyProblem {
    PolicyProblem { path: path.into(), message: message.into(), advice: advice.into() }
}

fn check_name(path: &str, name: &str, problems: &mut Vec<PolicyProblem>) {
    if Profile::BUILT_IN.contains(&name) {
        let advice = "give your own another name and base it on this one";
        problems.push(problem(path, "a built-in profile cannot be changed", advice));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
        let advice = "use 1 to 40 letters, digits, hyphens and underscores";
        problems.push(problem(path, "that is no name for a profile", advice));
    }
}

fn read(path: &str, name: &str, file: &ProfileFile, problems: &mut Vec<PolicyProblem>) -> Profile {
    let base = file.based_on.as_deref().unwrap_or("use");
    let begun = match base {
        "use" => Profile::usual(),
        "read-only" => Profile::read_only(),
        "admin" => Profile::admin(),
        other => {
            let message = format!("{other:?} is no built-in profile");
            let advice = format!("base it on one of these: {}", Profile::BUILT_IN.join(", "));
            problems.push(problem(format!("{path}.based-on"), message, advice));
            Profile::read_only()
        }
    };
    let mut profile = begun.named(name);
    for permission in Permission::ALL {
        let Some(rule) = file.rule(permission) else { continue };
        let weakest = permission.weakest();
        if rule < weakest {
            let path = format!("{path}.{}", permission.name());
            let message = format!("{:?} is too weak for it", rule.name());
            let advice = format!("use {:?} or \"refuse\"", weakest.name());
            problems.push(problem(path, message, advice));
        } else {
            profile.set(permission, rule);
        }
    }
    let mut number = |key: &str, said: Option<u32>, range: RangeInclusive<u32>| {
        let said = said?;
        if range.contains(&said) {
            return Some(said);
        }
        let message = format!("{said} is out of range");
        let advice = format!("use {} to {}", range.start(), range.end());
        problems.push(problem(format!("{path}.{key}"), message, advice));
        None
    };
    if let Some(tries) = number("spare-tries", file.spare_tries, 1..=9) {
        profile.spare_tries = u8::try_from(tries).unwrap_or(u8::MAX);
    }
    let uses = number("key-uses-per-minute", file.key_uses_per_minute, 1..=6000);
    if let Some(uses) = uses.and_then(|uses| u16::try_from(uses).ok()) {
        profile.key_uses_per_minute = uses;
    }
    let most = number("verifications-per-minute", file.verifications_per_minute, 1..=60);
    if let Some(most) = most.and_then(|most| u16::try_from(most).ok()) {
        profile.verifications_per_minute = most;
    }
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    if let Some(idle) = number("idle-minutes", file.idle_minutes, 1..=1440) {
        profile.idle_limit = Some(minutes(idle));
    }
    if let Some(most) = number("share-minutes", file.share_minutes, 1..=10_080) {
        profile.share_limit = Some(minutes(most));
    }
    // The customer's side waits 75 seconds for an answer, of which the card may need 30.
    if let Some(seconds) = number("answer-seconds", file.answer_seconds, 5..=40) {
        profile.answer_within = Duration::from_secs(u64::from(seconds));
    }
    profile
}
