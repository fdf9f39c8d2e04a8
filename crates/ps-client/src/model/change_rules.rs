//! What accounts, systems and directories have in common: how long releases are, and when
//! passwords are changed by themselves.

use super::ChangeFrequency;
use crate::body::Rule;

/// The members that these rules concern.
#[derive(Default)]
pub(super) struct ChangeRules<'a> {
    pub(super) release_minutes: Option<u32>,
    pub(super) maximum_release_minutes: Option<u32>,
    pub(super) frequency: Option<&'a ChangeFrequency>,
    pub(super) every_days: Option<u32>,
    pub(super) time: Option<&'a str>,
    pub(super) next: Option<&'a str>,
}

impl ChangeRules<'_> {
    pub(super) fn check(&self) -> Result<(), Rule> {
        if let (Some(usual), Some(longest)) = (self.release_minutes, self.maximum_release_minutes)
            && usual > longest
        {
            return Err("ReleaseDuration cannot be longer than MaxReleaseDuration");
        }
        if self.frequency == Some(&ChangeFrequency::EveryDays) && self.every_days.is_none() {
            return Err("ChangeFrequencyType xdays needs ChangeFrequencyDays");
        }
        if self.time.is_some_and(|text| time_of_day(text).as_deref() != Some(text)) {
            return Err("ChangeTime is a time of day, HH:mm");
        }
        let is_date = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        if self.next.is_some_and(|text| !is_date(text)) {
            return Err("NextChangeDate is a date, YYYY-MM-DD");
        }
        Ok(())
    }
}

/// `9:30`, `09:30:00` and the like as `09:30`, the one notation that is written; `None` for what
/// is no time of day.
pub(super) fn time_of_day(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let mut below = |limit: u8| {
        let digits = parts.next()?;
        let is_plain =
            (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u8>().ok().filter(|number| is_plain && *number < limit)
    };
    let (hour, minute) = (below(24)?, below(60)?);
    Some(format!("{hour:02}:{minute:02}"))
}
