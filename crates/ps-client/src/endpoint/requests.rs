//! Release requests: made, listed, approved, denied, given back.

use http::{Method, StatusCode};
use serde::Serialize;

use super::{ApiAnswer, ApiRequest, Endpoint};
use crate::answer::rows;
use crate::error::{Error, ErrorKind};
use crate::model::{NewRequest, Queue, ReleaseRequest, RequestId, StatusFilter};
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
        ApiRequest::new(Method::POST, &["Requests"]).json(self.0)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Created, Error> {
        let number: i64 = serde_json::from_str(answer.text(Self::NAME)?)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| answer.unreadable(Self::NAME, "it is not the number of a request"))?;
        let reused = answer.0.status == StatusCode::OK;
        Ok(Created { id: RequestId::new(number), reused })
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check().map_err(|rule| Error::new(Self::NAME, ErrorKind::Misuse { rule }))
    }

    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }
}

/// `GET Requests`: requests that are not over. *Confirmed.*
///
/// Permission: none for one's own; 403 with 4033 for an approver's queue of somebody who is no
/// approver. Not paged. What is not listed any more is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListRequests {
    /// By state.
    pub status: StatusFilter,
    /// Whose.
    pub queue: Queue,
}

impl Endpoint for ListRequests {
    type Answer = Vec<ReleaseRequest>;
    const NAME: &'static str = "GET Requests";

    fn request(&self) -> ApiRequest {
        let status = match self.status {
            StatusFilter::All => "all",
            StatusFilter::Active => "active",
            StatusFilter::Pending => "pending",
        };
        let queue = match self.queue {
            Queue::Requestor => "req",
            Queue::Approver => "app",
        };
        ApiRequest::new(Method::GET, &["Requests"])
            .query_if_some("status", Some(status.to_owned()))
            .query_if_some("queue", Some(queue.to_owned()))
            .list()
    }

    fn read(&self, answer: &ApiAnswer) -> Result<Self::Answer, Error> {
        rows(answer.text(Self::NAME)?, ReleaseRequest::read)
            .map_err(|error| answer.unreadable(Self::NAME, error))
    }
}

/// What is said about an approval, a denial or a check-in.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

fn put(request: RequestId, action: &str, reason: Option<&str>) -> ApiRequest {
    ApiRequest::new(Method::PUT, &["Requests", &request.to_string(), action])
        .json(&Reason { reason })
}

/// `PUT Requests/{id}/Approve`. *Confirmed.* 204.
///
/// Permission: Approver or Requestor/Approver of the account. 404: unknown or over; 403 with
/// 4033: no approver.
#[derive(Clone, Debug)]
pub struct Approve {
    /// The request.
    pub request: RequestId,
    /// Why, at most 1000 characters.
    pub reason: Option<String>,
}

impl Endpoint for Approve {
    type Answer = ();
    const NAME: &'static str = "PUT Requests/{id}/Approve";

    fn request(&self) -> ApiRequest {
        put(self.request, "Approve", self.reason.as_deref())
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
    }
}

/// `PUT Requests/{id}/Deny`: denies a waiting request, or cancels an active one. *Confirmed.* 204.
///
/// Permission: Approver or Requestor/Approver of the account.
#[derive(Clone, Debug)]
pub struct Deny {
    /// The request.
    pub request: RequestId,
    /// Why, at most 1000 characters.
    pub reason: Option<String>,
}

impl Endpoint for Deny {
    type Answer = ();
    const NAME: &'static str = "PUT Requests/{id}/Deny";

    fn request(&self) -> ApiRequest {
        put(self.request, "Deny", self.reason.as_deref())
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
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
        put(self.request, "Checkin", self.reason.as_deref())
    }

    fn read(&self, answer: &ApiAnswer) -> Result<CheckedIn, Error> {
        match answer.body(Self::NAME) {
            Ok(_) => Ok(CheckedIn::Now),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound) => Ok(CheckedIn::Before),
            Err(error) => Err(error),
        }
    }
}

/// `PUT Requests/{id}/RotateOnCheckin`: turns rotation on for an open request. *Confirmed.* 204.
///
/// Permission: owning it. 400: no such request.
#[derive(Clone, Copy, Debug)]
pub struct RotateOnCheckIn {
    /// The request.
    pub request: RequestId,
}

impl Endpoint for RotateOnCheckIn {
    type Answer = ();
    const NAME: &'static str = "PUT Requests/{id}/RotateOnCheckin";

    fn request(&self) -> ApiRequest {
        put(self.request, "RotateOnCheckin", None)
    }

    fn read(&self, answer: &ApiAnswer) -> Result<(), Error> {
        answer.body(Self::NAME).map(|_| ())
    }
}
