//! Lists to their end.

use ps_client::endpoint::managed_accounts::ListManagedAccounts;
use ps_client::model::{ManagedAccountQuery, ManagedSystemQuery};
use ps_client::{Client, ErrorKind, Limits, VaultAddress};

use crate::scripted::{ADDRESS, Vault, expect_session, key_auth, reply};

fn rows(numbers: std::ops::Range<u32>) -> String {
    let row =
        |n| format!(r#"{{"SystemId":1,"SystemName":"s","AccountId":{n},"AccountName":"a{n}"}}"#);
    format!("[{}]", numbers.map(row).collect::<Vec<_>>().join(","))
}

/// The most common defect of clients: accounts past row 1000 are "not found".
#[tokio::test]
async fn accounts_past_the_first_thousand_are_found() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    vault.on("GET ManagedAccounts", reply(200, &rows(1_001..2_001)));
    vault.on("GET ManagedAccounts", reply(200, &rows(2_001..2_301)));
    let all = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    assert_eq!(all.len(), 2_300);
    assert_eq!(all.last().unwrap().account_name, "a2300");
    let queries: Vec<_> = vault.calls().into_iter().skip(1).map(|call| call.query).collect();
    assert_eq!(
        queries,
        ["limit=1000&offset=0", "limit=1000&offset=1000", "limit=1000&offset=2000",]
    );
    vault.assert_played_out();
}

#[tokio::test]
async fn list_of_exactly_one_full_page_ends_with_an_empty_one() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    vault.on("GET ManagedAccounts", reply(200, "[]"));
    let all = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    assert_eq!(all.len(), 1_000);
    vault.assert_played_out();
}

/// Seen: servers and proxies that pass over `offset` and send page one for ever.
#[tokio::test]
async fn server_that_ignores_the_offset_does_not_keep_us_for_ever() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    let all = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    assert_eq!(all.len(), 1_000);
    vault.assert_played_out();
}

#[tokio::test]
async fn row_that_moves_to_the_next_page_while_we_read_comes_once() {
    let vault = Vault::open();
    let session = vault.session().await;
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    vault.on("GET ManagedAccounts", reply(200, &rows(1_000..1_010)));
    let all = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    assert_eq!(all.len(), 1_009);
}

/// A linked account comes once for each of its systems.
#[tokio::test]
async fn same_account_on_two_systems_is_two_rows() {
    let vault = Vault::open();
    let session = vault.session().await;
    let body = r#"[{"SystemId":1,"SystemName":"a","AccountId":9,"AccountName":"x"},
                   {"SystemId":2,"SystemName":"b","AccountId":9,"AccountName":"x"},
                   {"SystemId":2,"SystemName":"b","AccountId":9,"AccountName":"x","ApplicationID":4}]"#;
    vault.on("GET ManagedAccounts", reply(200, body));
    let all = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap();
    assert_eq!(all.len(), 3);
}

#[tokio::test]
async fn pages_come_one_by_one_and_go_on_after_an_error() {
    let vault = Vault::open();
    let session = vault.session().await;
    let list = ListManagedAccounts { query: ManagedAccountQuery::default(), limit: 2, offset: 10 };
    let mut pages = session.pages(list);
    vault.on("GET ManagedAccounts", reply(200, &rows(1..3)));
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 2);
    vault.on("GET ManagedAccounts", reply(503, ""));
    assert!(matches!(pages.next().await.unwrap_err().kind(), ErrorKind::Server));
    vault.on("GET ManagedAccounts", reply(200, &rows(3..4)));
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.next().await.unwrap(), None);
    assert_eq!(vault.last().query, "limit=2&offset=12");
    vault.assert_played_out();
}

#[tokio::test]
async fn list_beyond_the_limit_of_rows_is_an_error_and_not_a_full_memory() {
    let vault = Vault::open();
    let mut limits = Limits::default();
    limits.list_rows = 1_500;
    limits.list_bytes = 777;
    let address = VaultAddress::parse(ADDRESS).unwrap();
    let client = Client::with_limits(address, vault.clone(), limits);
    let session = expect_session(client.sign_in(key_auth()).await);
    vault.on("GET ManagedAccounts", reply(200, &rows(1..1_001)));
    vault.on("GET ManagedAccounts", reply(200, &rows(1_001..2_001)));
    let error = session.managed_accounts(&ManagedAccountQuery::default()).await.unwrap_err();
    assert!(error.to_string().contains("more than 1500 rows"), "{error}");
    assert_eq!(vault.last().max_answer, 777);
}

#[tokio::test]
async fn systems_are_paged_too_and_in_an_envelope() {
    let vault = Vault::open();
    let session = vault.session().await;
    let body = r#"{"TotalCount":1,"Data":[{"ManagedSystemID":3,"SystemName":"SRV01"}]}"#;
    vault.on("GET ManagedSystems", reply(200, body));
    let query = ManagedSystemQuery {
        entity_type: Some(ps_client::model::EntityKind::Asset),
        name: Some("SRV01".to_owned()),
    };
    let systems = session.managed_systems(&query).await.unwrap();
    assert_eq!((systems.len(), systems[0].system.number()), (1, 3));
    assert_eq!(vault.last().query, "type=1&name=SRV01&limit=1000&offset=0");
}
