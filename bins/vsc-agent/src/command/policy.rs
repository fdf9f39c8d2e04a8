//! The file of profiles: read, and checked as a whole.

use std::path::Path;

use vsc_core::guard::{Policy, PolicyFile};

use super::{Failure, read_file};
use crate::exit::Exit;

/// The policy of a file, if there is one, with another usual profile, if one is named.
pub(super) fn read(file: Option<&Path>, profile: Option<&str>) -> Result<Policy, Failure> {
    let policy = match file {
        Some(path) => {
            let wrong = |what: &str| {
                Failure::new(Exit::Config, format!("--policy {}: {what}", path.display()))
            };
            let text = String::from_utf8(read_file(path)?).map_err(|_| wrong("it is not UTF-8"))?;
            let file: PolicyFile =
                toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end()))?;
            Policy::check(&file).map_err(|problems| {
                let lines: Vec<_> = problems.iter().map(|one| format!("\n  {one}")).collect();
                wrong(&lines.concat())
            })?
        }
        None => Policy::default(),
    };
    let Some(name) = profile else { return Ok(policy) };
    policy.with_usual(name).map_err(|problem| {
        let sentence = format!("--profile: {}; {}", problem.message, problem.advice);
        Failure::new(Exit::Usage, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Policy, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        read(Some(&path), None).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Config);
            failure.sentence.replace(&path.display().to_string(), "FILE")
        })
    }

    #[test]
    fn a_wrong_policy_is_told_with_all_its_faults() {
        assert_eq!(of("").unwrap().usual().name(), "use");
        let problems = of("[profiles.a]\nwrite = 'allow'\nidle-minutes = 0\n").unwrap_err();
        assert_eq!(
            problems,
            "--policy FILE: \n  \
             profiles.a.write: \"allow\" is too weak for it; use \"ask\" or \"refuse\"\n  \
             profiles.a.idle-minutes: 0 is out of range; use 1 to 1440"
        );
        let unknown = of("[profiles.a]\nsing = 'ask'\n").unwrap_err();
        assert!(unknown.contains("line 2") && unknown.contains("sing"), "{unknown}");
    }

    #[test]
    fn a_profile_that_is_not_there_is_a_usage_error() {
        let failure = read(None, Some("careful")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.sentence.contains("admin, read-only, use"), "{}", failure.sentence);
        assert_eq!(read(None, Some("admin")).unwrap().usual().name(), "admin");
    }
}
