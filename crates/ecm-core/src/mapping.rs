//! Who the console user is for the vault: the rules in force, replaceable while in use.

mod owners;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ecm_protocol::message::{Category, Problem, User};
use futures_util::future::join_all;
use serde::Serialize;
use user_mapping::{
    Answer, Answers, Outcome, Probe, Progress, Question, Refusal, Resolution, RuleSet, StatedUser,
};

use crate::explanation::Explanation;
use crate::ports::BoxFuture;
use owners::Owners;

/// Rules from console user to vault user. [`RuleSet`] is the one that is shipped, alone or
/// [with directories](WithDirectories).
pub trait MapUser: Send + Sync + 'static {
    /// Decides, and says why. The same user gets the same answer from the same rules, and from the
    /// same directories.
    fn map_user<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Mapped>;
}

/// The directories of the domains that have one.
pub trait Directories: Send + Sync + 'static {
    /// Answers a question, within a bounded time. A domain without a directory has no answer
    /// ([`Answer::Unavailable`]).
    fn answer<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer>;
}

/// Rules, and the directories that they ask.
pub struct WithDirectories {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The directories.
    pub directories: Arc<dyn Directories>,
}

impl WithDirectories {
    /// Who a console user is, asking the directories whatever has to be asked; in full if the
    /// rules that are not reached are to be told too.
    pub async fn resolve(&self, stated: &StatedUser<'_>, in_full: bool) -> Resolution {
        let mut answers = Answers::default();
        loop {
            let progress = if in_full {
                self.rules.explain_with(stated, &answers)
            } else {
                self.rules.resolve_with(stated, &answers)
            };
            match progress {
                Progress::Done(resolution) => return *resolution,
                Progress::Ask(questions) => {
                    let asked = questions.iter().map(|question| self.directories.answer(question));
                    let answered = join_all(asked).await;
                    for (question, answer) in questions.into_iter().zip(answered) {
                        answers.add(question, answer);
                    }
                }
            }
        }
    }
}

impl MapUser for WithDirectories {
    fn map_user<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Mapped> {
        Box::pin(
            async move { mapped(&self.resolve(&stated(user), false).await, self.rules.probe()) },
        )
    }
}

/// A decision and why.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The vault user, in the spellings that vaults may know, or why there is none.
    pub vault_user: Result<Spellings, Unmapped>,
    /// What decided, for the audit log: the name of a rule.
    pub decided_by: Option<String>,
    /// Why.
    pub trace: MappingTrace,
}

/// One vault user, in one spelling or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spellings {
    /// The spellings in the order they are tried, at least one.
    pub names: Vec<String>,
    /// Which of several is used.
    pub probe: Probe,
    /// Whose it is. `None` for a vault user that several persons share.
    pub owner: Option<Owner>,
}

impl From<&str> for Spellings {
    fn from(name: &str) -> Self {
        Self { names: vec![name.to_owned()], probe: Probe::None, owner: None }
    }
}

/// The one person who stands for a vault user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The person: domain and user, in one spelling.
    pub person: String,
    /// What never changes about the person's entry in a directory, if one was asked.
    pub directory_id: Option<String>,
    /// Which account each of the spellings is: two spellings of one account have the same text.
    pub accounts: Vec<String>,
}

/// Why a console user is nobody for the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// No rule fits.
    Nobody,
    /// More than one vault user could be meant.
    Ambiguous,
    /// A directory that has to be asked does not answer: it may do so later.
    Unknown,
    /// A directory that has to be asked cannot be used as it is set up.
    Unusable,
}

/// How a decision was reached.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MappingTrace {
    /// For people: one step per line.
    pub text: String,
    /// For programs.
    pub data: serde_json::Value,
}

impl fmt::Display for MappingTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

impl MapUser for RuleSet {
    fn map_user<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Mapped> {
        let mapped = mapped(&self.resolve(&stated(user)), self.probe());
        Box::pin(async move { mapped })
    }
}

/// What a site's user is to the mapping.
fn stated(user: &User) -> StatedUser<'_> {
    StatedUser {
        username: &user.username,
        dn: user.dn.as_deref(),
        provider: user.provider.as_ref().and_then(|provider| provider.name.as_deref()),
    }
}

fn mapped(resolution: &Resolution, probe: Probe) -> Mapped {
    let trace = MappingTrace {
        text: resolution.trace.to_string(),
        data: serde_json::to_value(&resolution.trace).unwrap_or_default(),
    };
    match &resolution.outcome {
        Outcome::User(found) => Mapped {
            vault_user: Ok(Spellings {
                names: found.candidates().iter().map(ToString::to_string).collect(),
                probe,
                owner: (!found.is_shared()).then(|| Owner {
                    person: format!("{}\\{}", found.domain_id().unwrap_or("."), found.user()),
                    directory_id: found.directory_id().map(str::to_owned),
                    accounts: found.accounts().to_vec(),
                }),
            }),
            decided_by: Some(found.decided_by().to_string()),
            trace,
        },
        Outcome::Nobody(refusal) => Mapped {
            vault_user: Err(match refusal {
                Refusal::DirectoryUnavailable => Unmapped::Unknown,
                Refusal::DirectoryUnusable => Unmapped::Unusable,
                refusal if refusal.is_ambiguous() => Unmapped::Ambiguous,
                _ => Unmapped::Nobody,
            }),
            decided_by: Some(refusal.code().to_owned()),
            trace,
        },
    }
}

/// The rules in force. Questions under way keep the rules they began with.
pub(crate) struct Mapping(RwLock<Arc<InForce>>);

/// Rules, and who has got a vault user by them and by those before.
pub(crate) struct InForce {
    rules: Arc<dyn MapUser>,
    /// How many rule sets there were before.
    number: u64,
    owners: Arc<Owners>,
}

impl InForce {
    fn new(rules: Arc<dyn MapUser>) -> Arc<Self> {
        Arc::new(Self { rules, number: 0, owners: Arc::default() })
    }

    /// Whose vault user the spelling at `place` is already, if it is another person's.
    pub(crate) fn may_claim(&self, spellings: &Spellings, place: usize) -> Result<(), String> {
        let Some(owner) = &spellings.owner else { return Ok(()) };
        match owner.accounts.get(place) {
            Some(account) => self.owners.may_claim(account, owner, self.number),
            None => Ok(()),
        }
    }

    /// Notes that the spelling at `place` is used; or says whose vault user it is already.
    pub(crate) fn claim(&self, spellings: &Spellings, place: usize) -> Result<(), String> {
        let Some(owner) = &spellings.owner else { return Ok(()) };
        match owner.accounts.get(place) {
            Some(account) => self.owners.claim(account, owner, self.number),
            None => Ok(()),
        }
    }
}

impl Mapping {
    pub(crate) fn new(rules: Arc<dyn MapUser>) -> Self {
        Self(RwLock::new(InForce::new(rules)))
    }

    pub(crate) fn replace(&self, rules: Arc<dyn MapUser>) {
        let mut in_force = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (number, owners) = (in_force.number + 1, Arc::clone(&in_force.owners));
        *in_force = Arc::new(InForce { rules, number, owners });
    }

    /// The vault user with the rules that made it, or what to tell the site; why goes into the explanation in either case.
    pub(crate) async fn vault_user(
        &self,
        user: &User,
        explanation: &mut Explanation,
    ) -> Result<(Spellings, Arc<InForce>), Problem> {
        let in_force = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let mapped = in_force.rules.map_user(user).await;
        explanation.mapping = Some(mapped.trace);
        explanation.decided_by = mapped.decided_by;
        mapped.vault_user.map(|spellings| (spellings, in_force)).map_err(|unmapped| {
            let category = match unmapped {
                Unmapped::Nobody => Category::UserUnmapped,
                Unmapped::Ambiguous => Category::UserAmbiguous,
                Unmapped::Unknown | Unmapped::Unusable => Category::Internal,
            };
            Problem::new(category).with_advice(match unmapped {
                Unmapped::Unknown => "the directory of users does not answer; try again soon",
                Unmapped::Unusable => {
                    "the directory of users cannot be used; the operator finds the reason in the log"
                }
                _ => "the operator finds the reason in the log and can add a mapping rule",
            })
        })
    }
}
