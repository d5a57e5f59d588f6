//! Submitting operations: what is sent, in which portions, and whether the answers are about it.

use super::{Sealed, repeats};
use crate::authority::{Submission, Submitted};
use crate::error::{Error, Result};
use crate::log::encoding::Bytes;
use crate::log::entry::Entry;
use crate::model::id::Id;
use crate::store::Receipt;

/// About as many bytes go at once: with their names in JSON they are within what every server takes.
const PART: usize = 4 << 20;

impl Sealed {
    /// Submits one operation.
    pub(super) async fn submit(&self, submission: Submission) -> Result<Submitted> {
        let mut answers = self.submit_many(vec![submission]).await?;
        answers.pop().unwrap_or_else(|| Err(Error::unavailable("the store gave no answer: try again")))
    }

    /// Submits operations, each of which stands or falls by itself, in as few commits as their size allows. Those that were
    /// not come to when the store failed have its failure for an answer.
    pub(super) async fn submit_many(&self, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
        let count = submissions.len();
        let mut answers = Vec::with_capacity(count);
        for part in parts(submissions) {
            match self.submit_part(part).await {
                Ok(part) => answers.extend(part),
                Err(error) if answers.is_empty() => return Err(error),
                Err(error) => {
                    let rest = count - answers.len();
                    answers.extend((0..rest).map(|_| Err(Error::new(error.kind(), error.message()))));
                    break;
                }
            }
        }
        Ok(answers)
    }

    /// Submits operations in one commit. An answer that is not about the operation it is given for is `Tampered`.
    async fn submit_part(&self, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
        let sent: Vec<Sent> =
            submissions.iter().map(|sent| Sent(sent.operation.clone(), sent.signatures.clone())).collect();
        self.ends.told().await;
        let answers = self.authority.submit(self.session(), submissions).await?;
        if answers.len() != sent.len() {
            return Err(Error::tampered(
                "the store answered another number of operations than it was given: restore the store",
            ));
        }
        answers
            .into_iter()
            .zip(sent)
            .map(|(answer, sent)| {
                let operation = sent.0.clone();
                let checked = answer.and_then(|answer| sent.checked(answer));
                if let Ok(Submitted::Taken(receipt) | Submitted::Before(receipt)) = &checked {
                    self.trust.promised(receipt);
                    self.taken(&operation)?;
                }
                Ok(checked)
            })
            .collect()
    }

    /// The receipt of an operation that was taken; `None` if it must be made again on a newer state.
    pub(super) async fn settle(&self, submitted: Submitted, ends: Option<(Id, Option<Id>)>) -> Result<Option<Receipt>> {
        match submitted {
            Submitted::Taken(receipt) | Submitted::Before(receipt) => Ok(Some(receipt)),
            Submitted::Used(..) => Err(repeats::other_arguments()),
            Submitted::Stale => Ok(None),
            Submitted::Uncovered => {
                let (signer, vault) =
                    ends.ok_or_else(|| Error::unavailable("the store asks for a hold that nothing needs: try again"))?;
                self.authority.hold(self.session(), signer, vault).await?;
                Ok(None)
            }
        }
    }
}

/// Cuts operations into runs of about [`PART`] bytes.
fn parts(submissions: Vec<Submission>) -> Vec<Vec<Submission>> {
    let (mut parts, mut weight) = (Vec::<Vec<Submission>>::new(), 0);
    for submission in submissions {
        let own = submission.weight();
        if let Some(part) = parts.last_mut().filter(|_| weight + own <= PART) {
            part.push(submission);
            weight += own;
        } else {
            parts.push(vec![submission]);
            weight = own;
        }
    }
    parts
}

/// The bytes and the signatures of an operation that was submitted.
struct Sent(Vec<u8>, Vec<Vec<u8>>);

impl Sent {
    /// The answer, if its receipt is of these bytes, with these signatures, at the place and time that it names.
    fn checked(self, answer: Submitted) -> Result<Submitted> {
        let Self(operation, signatures) = self;
        if let Submitted::Taken(receipt) | Submitted::Before(receipt) = &answer {
            let Receipt { seq, time, hash, .. } = *receipt;
            let signatures = signatures.into_iter().map(Bytes::from).collect();
            if (Entry { seq, time, operation: Bytes::from(operation), signatures }).hash() != hash {
                return Err(Error::tampered("the store gave the answer to another operation: restore the store"));
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Rows;

    #[test]
    fn parts_are_whole_in_order_and_not_too_large() {
        let of = |size: usize| Submission { operation: vec![0; size], signatures: Vec::new(), rows: Rows::default() };
        for (sizes, wanted) in [
            (vec![], vec![]),
            (vec![PART * 2], vec![vec![PART * 2]]),
            (vec![1, PART - 1, 1, PART, 2, 3], vec![vec![1, PART - 1], vec![1], vec![PART], vec![2, 3]]),
        ] {
            let cut = parts(sizes.into_iter().map(of).collect());
            let cut: Vec<Vec<usize>> =
                cut.iter().map(|part| part.iter().map(|one| one.operation.len()).collect()).collect();
            assert_eq!(cut, wanted);
        }
    }
}
