//! Release requests: made, listed, approved, denied, given back.

use http::{Method, StatusCode};

use super::declare::calls;
use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::body::{Body, Json};
use crate::error::{Error, ErrorKind};
use crate::model::{
    AccountId, NewRequest, Queue, ReleaseRequest, RequestId, StatusFilter, SystemId, UserId,
};
use crate::repeat::Repeat;

/// `POST Requests`: asks for access. *Confirmed.*
///
/// Permission: Requestor or Requestor/Approver role on the account. Answers the request's number
/// as a bare integer: 201 for a new one, approved or waiting, which the answer does not tell;
/// 200 for an existing one that is reused. 400: a value missing or out of range; 403 with 4031,
/// 4032, 4033 or 4035; 409 with 4091 or a text: a conflicting request exists.
///
/// Use [`crate::Session::create_request`], which looks a lost answer up instead of asking twice.
#[derive(Clone, Debug)]
pub struct CreateRequest<'a>(pub &'a NewRequest);

/// A request that exists now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its number.
    pub id: RequestId,
    /// Whether it existed before: then its duration and reason are the old ones, and giving it
    /// back ends it for whoever else uses it.
    pub reused: bool,
}

impl Endpoint for CreateRequest<'_> {
    type Answer = Created;
    const NAME: &'static str = "POST Requests";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::POST, &["Requests"]).json(Json::of_body(self.0))
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Created, Error> {
        let id = answer.number(Self::NAME)?;
        let reused = answer.0.status == StatusCode::OK;
        Ok(Created { id, reused })
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check().map_err(|rule| Error::misuse(Self::NAME, rule))
    }

    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }
}

/// `PUT Requests/{id}/Checkin`: gives a request back. *Confirmed.* 204.
///
/// Permission: owning it. A request that is unknown or over (404) is back already.
#[derive(Clone, Debug)]
pub struct CheckIn {
    /// The request.
    pub request: RequestId,
    /// Why, at most 1000 characters.
    pub reason: Option<String>,
}

/// What a check-in found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedIn {
    /// This call gave it back.
    Now,
    /// It was back already, or over.
    Before,
}

impl Endpoint for CheckIn {
    type Answer = CheckedIn;
    const NAME: &'static str = "PUT Requests/{id}/Checkin";

    fn request(&self) -> ApiRequest {
        ApiRequest::new(Method::PUT, &["Requests", &self.request.to_string(), "Checkin"])
            .json(Json::of_members(|members| members.put("Reason", &self.reason)))
    }

    fn check(&self) -> Result<(), Error> {
        match &self.reason {
            Some(reason) if reason.chars().count() > NewRequest::MAX_REASON => {
                Err(Error::misuse(Self::NAME, "Reason has at most 1000 characters"))
            }
            _ => Ok(()),
        }
    }

    fn read(&self, answer: &ApiAnswer) -> Result<CheckedIn, Error> {
        match answer.body(Self::NAME) {
            Ok(_) => Ok(CheckedIn::Now),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound) => Ok(CheckedIn::Before),
            Err(error) => Err(error),
        }
    }
}

calls! {
    @also [
        CreateRequest<'static> "Requestor or Requestor/Approver role on the account" Confirmed AfterLookup,
        CheckIn "owning the request" Confirmed Safe,
    ]

    /// Requests that are not over. Not paged; what is not listed any more is over.
    ///
    /// 403 with 4033 for an approver's queue of somebody who is no approver.
    #[derive(Default)]
    ListRequests {
        /// By state.
        status: StatusFilter,
        /// Whose.
        queue: Queue,
    }
        GET "Requests" query { "status" = status, "queue" = queue }
        => list(ReleaseRequest), Confirmed, "none for one's own";

    /// Approves a waiting request. 204. 404: unknown or over; 403 with 4033: no approver.
    Approve {
        /// The request.
        request: RequestId,
        /// Why, at most 1000 characters.
        reason: Option<String>,
    }
        PUT "Requests" / request / "Approve" json { "Reason" = reason text(1000) }
        => nothing, Confirmed, "Approver or Requestor/Approver role on the account";

    /// Denies a waiting request, or cancels an active one. 204. Errors as [`Approve`].
    Deny {
        /// The request.
        request: RequestId,
        /// Why, at most 1000 characters.
        reason: Option<String>,
    }
        PUT "Requests" / request / "Deny" json { "Reason" = reason text(1000) }
        => nothing, Confirmed, "Approver or Requestor/Approver role on the account";

    /// Turns rotation on for an open request; it cannot be turned off. 204. 400: no such request.
    RotateOnCheckIn {
        /// The request.
        request: RequestId,
    }
        PUT "Requests" / request / "RotateOnCheckin"
        => nothing, Confirmed, "owning the request";

    /// Ends all requests for an account. 204.
    TerminateRequestsOfAccount {
        /// The account.
        account: AccountId,
        /// Why.
        reason: Option<String>,
    }
        POST "ManagedAccounts" / account / "Requests" / "Terminate" json { "Reason" = reason text(1000) }
        => nothing, Confirmed, "Password Safe Account Management (Full)", Safe;

    /// Ends all requests for a system. 204.
    TerminateRequestsOfSystem {
        /// The system.
        system: SystemId,
        /// Why.
        reason: Option<String>,
    }
        POST "ManagedSystems" / system / "Requests" / "Terminate" json { "Reason" = reason text(1000) }
        => nothing, Confirmed, "Password Safe System Management (Full)", Safe;

    /// Ends all requests of a user. 204.
    TerminateRequestsOfUser {
        /// The user.
        user: UserId,
        /// Why.
        reason: Option<String>,
    }
        POST "Users" / user / "Requests" / "Terminate" json { "Reason" = reason text(1000) }
        => nothing, Confirmed, "User Account Management (Full)", Safe;
}
