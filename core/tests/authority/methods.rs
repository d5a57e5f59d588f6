//! What an authority is asked, for those who stand between a client and one: what each does to every answer, it says once.

/// Gives `$with` every method that answers something, but `put_piece`, whose content some keep.
macro_rules! authority_methods {
    ($with:ident) => {
        $with! {
            challenge(principal: Id, key: Id) -> Challenge;
            sign_in(sign_in: SignIn) -> Session;
            found(submissions: Vec<Submission>) -> Vec<Receipt>;
            whose(session: Session) -> Id;
            submit(session: Session, submissions: Vec<Submission>) -> Vec<Result<Submitted>>;
            find_operations(session: Session, of: Vec<(Option<LogId>, Id)>) -> Vec<Option<Vec<u8>>>;
            piece(session: Session, vault: Id, file: Id, index: u64) -> Vec<u8>;
            hold(session: Session, signer: Id, vault: Option<Id>) -> Head;
            states(session: Session, request: StatesRequest) -> States;
            feed(session: Session, from: u64, vaults: Option<Vec<Id>>, limit: u32) -> FeedPage;
            export(session: Session, from: u64, limit: u32) -> Vec<AuditRow>;
            tables(session: Session, request: TablesRequest) -> Tables;
            audit(session: Session, from: u64, limit: u32) -> AuditPage;
            reads(session: Session, filter: ReadsFilter, from: u64, limit: u32) -> ReadsPage;
            export_reads(session: Session, from: u64, limit: u32) -> Vec<ReadRow>;
            chains(session: Session) -> Vec<Chain>;
            may(session: Session, vault: Id, need: Role) -> ();
            profiles(session: Session, principals: Vec<Id>) -> Vec<Option<Profile>>;
            find_principals(session: Session, emails: Vec<String>) -> Vec<Option<Id>>;
            principals(session: Session, kind: u8, from: u64, limit: u32) -> Ids;
            kem_keys(session: Session, of: Vec<Recipient>) -> Vec<Vec<u8>>;
            vaults(session: Session, from: u64, limit: u32) -> Ids;
            vaults_of(session: Session, who: Id, from: u64, limit: u32) -> Ids;
            last_in(session: Session, who: Id) -> u64;
            find_vault(session: Session, creator: Id, external_id: String) -> Option<Id>;
            vault_rows(session: Session, vaults: Vec<Id>) -> Vec<Result<VaultRows>>;
            last_signed(session: Session, vault: Id, signer: Id) -> Option<u64>;
            items(session: Session, vault: Id, size: u64, of: Vec<(Id, Option<u64>)>, reading: Reading) -> Vec<Result<ItemAnswer>>;
            file(session: Session, vault: Id, size: u64, file: Id) -> FileAnswer;
        }
    };
}
