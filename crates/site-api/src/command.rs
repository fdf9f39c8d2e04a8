//! The Command API: `/api/command`, answers in XML.
//!
//! Element names, and that an `error` element may come with status 200, are documented or were
//! recorded in public; the addresses and the user of a connected representative are inferred.
//! Questions are `GET`, changes are `POST` with a form.

mod attributes;
mod clients;
mod health;
mod info;
mod reps;

pub use attributes::{
    EXTERNAL_KEY, GetSessionAttributes, SessionAttributes, SetSessionAttributes, TerminateSession,
};
pub use clients::{
    ClientCount, ClientKind, ConnectedClient, ConnectedClientList, ConnectedClients,
    GetConnectedClientList, GetConnectedClients,
};
pub use health::{CheckHealth, Health};
pub use info::{ApiInfo, CommandRight, GetApiInfo};
pub use reps::{GetLoggedInReps, LoggedInRep};

use http::Method;
use jiff::Timestamp;

use crate::call::{Answer, Request};
use crate::error::Error;
use crate::xml::Element;

/// Where the Command API is.
const PATH: &str = "/api/command";

fn question(action: &str) -> Request {
    Request::get(PATH, "text/xml").ask("action", action)
}

fn change(action: &str, mut fields: Vec<(String, String)>) -> Request {
    fields.insert(0, ("action".to_owned(), action.to_owned()));
    let request = Request::get(PATH, "text/xml");
    Request { method: Method::POST, form: fields, ..request }
}

/// The root element of a success.
fn root(answer: &Answer<'_>, name: &str) -> Result<Element, Error> {
    Element::parse(answer.success()?)?.expect(name)
}

/// A success of a change: the element `success`.
fn done(answer: &Answer<'_>) -> Result<(), Error> {
    root(answer, "success").map(|_| ())
}

/// `1` or `0`, or the words.
fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

fn owned(element: &Element, child: &str) -> Option<String> {
    element.text_of(child).map(str::to_owned)
}

fn number(element: &Element, child: &str) -> Option<u64> {
    element.text_of(child)?.parse().ok()
}

/// Unix seconds in the attribute `timestamp`; else the element's own text.
pub(crate) fn moment(element: &Element) -> Option<Timestamp> {
    match element.attribute("timestamp") {
        Some(seconds) => Timestamp::from_second(seconds.trim().parse().ok()?).ok(),
        None => element.text().parse().ok(),
    }
}

fn missing(what: &str) -> Error {
    Error::Unreadable { reason: format!("`{what}` is missing or makes no sense") }
}
