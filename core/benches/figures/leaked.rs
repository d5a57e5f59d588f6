//! The token of the program that made all vaults leaks: other keys for it, let in by the recovery code, and a new key for each vault.

use std::path::Path;

use strongroom::model::audit::AuditFilter;
use strongroom::model::credential::Credential;

use crate::bare::Bare;
use crate::school;
use crate::timing::{cost, row};

const USERS: usize = 100;
/// The program and a user, in each vault.
const MEMBERS: usize = 2;

pub(crate) async fn run(folder: &Path, count: usize) {
    let location = folder.join("leaked.db");
    let (kit, stolen) = school::account(location.to_str().unwrap()).await;
    let program = school::client(&stolen).await;
    school::users(&program, USERS).await;
    school::vaults(&program, 0..count, USERS).await;

    let owner = school::client(&kit).await;
    let id = stolen.principal.id.to_string();
    let (next, reissued) = cost(owner.service_accounts().reissue(&id, None)).await;
    let rescue = Credential { token: kit.recovery.clone().unwrap(), ..kit.clone() };
    let (approved, moved) = cost(Box::pin(async {
        let rescue = school::client(&rescue).await;
        let approved = rescue.access().approve(&id, None).await.unwrap();
        rescue.close().await;
        approved
    }))
    .await;
    assert_eq!(approved, count as u64);

    let bare = Bare::make();
    let one = bare.move_vault(MEMBERS);
    let (_, limit) = cost(async { (0..count).map(|_| one()).sum::<usize>() }).await;
    let what = format!("end a leaked token with {count} vaults, and move each to a new key, processor time");
    row(&what, reissued.cpu + moved.cpu, "bare cryptography", limit.cpu, "-");
    println!("    on the clock: reissue {:.1?}, approve {:.1?}, against {:.1?}", reissued.wall, moved.wall, limit.wall);

    assert!(program.vaults().list().await.is_err(), "the stolen token is dead");
    let after = school::client(&next.unwrap()).await;
    let vaults = after.vaults().list().await.unwrap().all().await.unwrap();
    assert!(vaults.len() == count && vaults.iter().all(|vault| !vault.due));
    let filter = AuditFilter { actor: Some(id), generation: Some(1), ..AuditFilter::default() };
    let (events, told) = cost(async { owner.audit().list(filter).await.unwrap().all().await.unwrap() }).await;
    println!("    what its first keys did, {} events: {:.1?}", events.len(), told.wall);
    for client in [owner, after, program] {
        client.close().await;
    }
}
