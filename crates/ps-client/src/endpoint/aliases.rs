//! Aliases, and requests made by them.

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::body::Json;
use crate::endpoint::requests::Created;
use crate::error::Error;
use crate::model::{AccessType, Alias, AliasId, NewRequest};
use crate::repeat::Repeat;

/// Asks for access to the account that an alias leads to. *Confirmed.*
///
/// Call: `POST Aliases/{alias}/Requests`. Permission: Requestor role. Answers as
/// [`CreateRequest`](super::requests::CreateRequest).
#[derive(Clone, Debug)]
pub struct CreateAliasRequest {
    alias: AliasId,
    terms: NewRequest,
}

impl CreateAliasRequest {
    /// To see the password that `alias` leads to for so many minutes, on the terms that `say`
    /// adds: reason, ticket, what happens on a conflict.
    ///
    /// ```
    /// use ps_client::endpoint::{Endpoint, aliases::CreateAliasRequest};
    /// use ps_client::model::AliasId;
    ///
    /// let call = CreateAliasRequest::view(AliasId::new(3), 15, |terms| terms.reason("ticket 7"));
    /// let sent = String::from_utf8(call.request().body().unwrap().to_vec()).unwrap();
    /// assert_eq!(sent, r#"{"AccessType":"View","DurationMinutes":15,"Reason":"ticket 7"}"#);
    /// ```
    #[must_use]
    pub fn view(alias: AliasId, minutes: u32, say: impl FnOnce(NewRequest) -> NewRequest) -> Self {
        // System and account are the alias's business; they are not sent.
        let (system, account) = (crate::model::SystemId::new(1), crate::model::AccountId::new(1));
        Self { alias, terms: say(NewRequest::view(system, account, minutes)) }
    }
}

impl Endpoint for CreateAliasRequest {
    type Answer = Created;
    const NAME: &'static str = "POST Aliases/{alias}/Requests";

    fn request(&self) -> ApiRequest {
        let body = Json::of_members(|members| {
            members.put("AccessType", &self.terms.access_type);
            self.terms.terms(members);
        });
        let path = ["Aliases", &self.alias.to_string(), "Requests"];
        ApiRequest::new(http::Method::POST, &path).json(body)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Created, Error> {
        let reused = answer.0.status == http::StatusCode::OK;
        Ok(Created { id: answer.number(Self::NAME)?, reused })
    }

    fn check(&self) -> Result<(), Error> {
        if self.terms.access_type == AccessType::App {
            return Err(Error::misuse(Self::NAME, "an alias gives no access of type App"));
        }
        self.terms.check_terms().map_err(|rule| Error::misuse(Self::NAME, rule))
    }

    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }
}

calls! {
    @also [CreateAliasRequest "Requestor or Requestor/Approver role on the account"
        Confirmed AfterLookup]

    /// The aliases that the user may request.
    ListAliases {
        /// Only in these states: their numbers, with commas between; mapped and highly available
        /// ones unless it is said.
        state: Option<String>,
    }
        GET "Aliases" query { "state" = state }
        => list(Alias), Confirmed, "Requestor role";

    /// One alias. 404: there is none.
    GetAlias {
        /// The alias.
        alias: AliasId,
    }
        GET "Aliases" / alias
        => object(Alias), Confirmed, "Requestor role";

    /// The alias of this name. 404: there is none.
    FindAlias {
        /// Its name.
        name: String,
    }
        GET "Aliases" query { "name" = name }
        => object(Alias), Confirmed, "Requestor role";
}
