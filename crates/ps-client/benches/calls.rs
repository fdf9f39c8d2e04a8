//! What a call costs beside the network: building it, and reading a long list and a secret.

#![expect(clippy::unwrap_used, reason = "a bench may stop where it stands")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, StatusCode};
use ps_client::endpoint::credentials::GetCredential;
use ps_client::endpoint::managed_accounts::ListManagedAccounts;
use ps_client::endpoint::requests::CreateRequest;
use ps_client::endpoint::{ApiAnswer, Endpoint};
use ps_client::model::{
    AccountId, AccountKind, ConflictOption, CredentialType, ManagedAccountQuery, NewRequest,
    RequestId, SystemId,
};
use ps_client::transport::HttpAnswer;

fn answer(body: String) -> ApiAnswer {
    let (status, headers) = (StatusCode::OK, HeaderMap::new());
    ApiAnswer::new(HttpAnswer { status, headers, body: body.into_bytes().into() })
}

/// A page as the vault sends it: every member of the model, most of them without interest.
fn page_of_accounts(rows: u32) -> String {
    let row = |n: u32| {
        format!(
            r#"{{"PlatformID":4,"SystemId":{n},"SystemName":"SRV{n:05}","DomainName":"ACME",
            "AccountId":{n},"AccountName":"svc-account-{n}","InstanceName":"",
            "UserPrincipalName":"svc-account-{n}@acme.test","ApplicationID":null,
            "ApplicationDisplayName":null,"DefaultReleaseDuration":120,
            "MaximumReleaseDuration":525600,"LastChangeDate":"2026-02-01T10:30:00.1230000Z",
            "NextChangeDate":"2026-03-01T00:00:00","IsChanging":false,"ChangeState":0,
            "IsISAAccess":false,"PreferredNodeID":"","AccountDescription":"Service \"{n}\"",
            "TotpEnabled":false,"TotpParameters":null}}"#
        )
    };
    format!("[{}]", (1..=rows).map(row).collect::<Vec<_>>().join(","))
}

fn calls(c: &mut Criterion) {
    let query = ManagedAccountQuery::of_kind(AccountKind::DomainLinked).on_system("SRV 01 & Co");
    let list = ListManagedAccounts { query, limit: 1_000, offset: 0 };
    let new = NewRequest::view(SystemId::new(12), AccountId::new(34), 360)
        .reason("session 4711, ticket INC1")
        .on_conflict(ConflictOption::Reuse);
    let mut build = c.benchmark_group("build");
    build.bench_function("list of accounts", |b| b.iter(|| black_box(&list).request()));
    build.bench_function("new request", |b| b.iter(|| CreateRequest(black_box(&new)).request()));
    build.finish();

    let page = page_of_accounts(1_000);
    let mut read = c.benchmark_group("read");
    read.throughput(Throughput::Bytes(page.len().try_into().unwrap()));
    let page = answer(page);
    read.bench_function("1000 accounts", |b| b.iter(|| list.read(black_box(&page)).unwrap()));
    read.finish();
    let get = GetCredential { request: RequestId::new(77), kind: CredentialType::Password };
    let secret = answer("\"p\\\"\\u00e4\\\\ss-0123456789-0123456789\"".to_owned());
    c.bench_function("read/secret", |b| b.iter(|| get.read(black_box(&secret)).unwrap()));
}

criterion_group!(benches, calls);
criterion_main!(benches);
