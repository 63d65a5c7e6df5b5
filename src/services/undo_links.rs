//! Links that undo a change of the email address, and their lineage: which links stay valid when an address is
//! restored.
//!
//! A thief who changes the address twice, from the owner's to an address A and then to B, holds the link that was sent
//! to A. Once the owner has restored their address, that link must not give the account back to the thief.

use chrono::TimeDelta;

use super::codes::CodeRequest;
use super::{Failure, Services, UNDO_LINK_DAYS};
use crate::clock::Timestamp;
use crate::domain::code::{CodePurpose, UndoLink, links_to_invalidate};
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::domain::token::UndoToken;
use crate::domain::user::User;
use crate::entropy;
use crate::storage::{Tx, codes};

impl Services {
    /// Must be called in the transaction in which an address becomes the verified address of a user, whatever the
    /// reason. If the address has a valid undo link, that link and all links issued after it are invalidated. Returns
    /// whether it had one; then the address that it replaces gets no link.
    pub(super) async fn invalidate_lineage(
        tx: &mut Tx,
        owner: &UserId,
        address: &Email,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        Ok(Self::invalidate_lineages(tx, &[(owner, address)], now).await? > 0)
    }

    /// The same for many users at once, each with their new verified address. Returns how many of these addresses had a
    /// valid link.
    pub(super) async fn invalidate_lineages(
        tx: &mut Tx,
        users: &[(&UserId, &Email)],
        now: Timestamp,
    ) -> Result<usize, Failure> {
        let owners: Vec<&str> = users.iter().map(|(owner, _)| owner.as_str()).collect();
        let links = codes::list_undo_links(tx, &owners, now).await?;
        let mut returned = 0;
        for (owner, address) in users {
            let of_owner: Vec<&UndoLink> = links.iter().filter(|link| link.owner_id == **owner).collect();
            if let Some(since) = links_to_invalidate(&of_owner, address) {
                codes::delete_since(tx, owner, CodePurpose::UndoEmailChange, since).await?;
                returned += 1;
            }
        }
        Ok(returned)
    }

    /// Creates a link for the reader of the old address. Links to older addresses stay valid: a thief who changes the
    /// address twice must not be able to invalidate the first link.
    pub(super) async fn make_undo_link(
        &self,
        tx: &mut Tx,
        user: &User,
        old: &Email,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let token = UndoToken::from_random(entropy::bytes()?);
        let links = codes::list_undo_links(tx, &[user.id.as_str()], now).await?;
        // The order of links decides which ones are invalidated together, so no two links of a user have the same time.
        let newest = links.iter().map(|link| link.created_at).max();
        let issued_at = newest.map_or(now, |newest| now.max(newest + TimeDelta::microseconds(1)));
        let ttl = TimeDelta::days(UNDO_LINK_DAYS) - (issued_at - now);
        let request = CodeRequest { owner: user, purpose: CodePurpose::UndoEmailChange, session: None, ttl };
        Self::keep_token(tx, &request, Some(old), &token.digest(), issued_at).await?;
        Ok(format!("{}#token={}", self.links.undo_email_change, token.reveal()))
    }
}
