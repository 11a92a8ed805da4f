//! Checks that there are backups to hand over.

use super::values::Backups;

#[derive(Debug, thiserror::Error)]
#[error(
    "`backup.after` is set, but `backup.every` is \"off\", so there would be no backups to hand \
     over; set `backup.every`, for example to \"24h\", or remove `backup.after`"
)]
pub struct NothingToHandOver;

pub(super) fn check_hand_over(backup: &Backups) -> Result<(), NothingToHandOver> {
    if backup.after.is_some() && backup.every.is_none() { Err(NothingToHandOver) } else { Ok(()) }
}
