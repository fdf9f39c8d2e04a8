//! Machines, databases, directories, the accounts on them, and the labels on all of that.

use ps_client::Error;
use ps_client::endpoint::address_groups::*;
use ps_client::endpoint::applications::*;
use ps_client::endpoint::assets::*;
use ps_client::endpoint::attributes::*;
use ps_client::endpoint::custom_platforms::*;
use ps_client::endpoint::databases::*;
use ps_client::endpoint::deliveries::*;
use ps_client::endpoint::directories::*;
use ps_client::endpoint::functional_accounts::*;
use ps_client::endpoint::managed_systems::*;
use ps_client::endpoint::oracle_internet_directories::*;
use ps_client::endpoint::organizations::*;
use ps_client::endpoint::password_rules::*;
use ps_client::endpoint::platforms::*;
use ps_client::endpoint::surroundings::*;
use ps_client::endpoint::workgroups::*;
use ps_client::model::*;

use super::{Seat, ask, refused};

pub(super) async fn play(vera: &Seat) {
    surroundings(vera).await;
    let workgroup = ask!(vera, CreateWorkgroup { new: NewWorkgroup::new("Branch") }).workgroup;
    assets(vera, workgroup).await;
    systems(vera, workgroup).await;
    directories(vera, workgroup).await;
    addresses(vera).await;
    attributes(vera).await;
    others(vera, workgroup).await;
}

/// Calls that nobody without permission may make.
pub(super) async fn forbidden(joe: &Seat) -> Vec<Error> {
    let workgroup = ask!(joe, ListWorkgroups {})[0].workgroup;
    vec![
        refused!(joe, CreateWorkgroup { new: NewWorkgroup::new("Mine") }),
        refused!(joe, CreateAsset { workgroup, new: AssetSettings::new("10.9.9.9") }),
        refused!(joe, CreateAddressGroup { name: "Mine".to_owned() }),
        refused!(joe, CreateAttributeType { name: "Mine".to_owned() }),
        refused!(joe, DeleteManagedSystem { system: SystemId::new(11) }),
        refused!(joe, ListDatabases {}),
    ]
}

async fn surroundings(vera: &Seat) {
    let platforms = ask!(vera, ListPlatforms {});
    let linux = platforms.iter().find(|one| one.name == "Linux").unwrap();
    assert_eq!(linux.default_port, Some(22));
    let platform = ask!(vera, GetPlatform { platform: linux.platform });
    assert_eq!(platform.default_session.as_deref(), Some("SSH"));
    assert_eq!(ask!(vera, ListEntityTypes {}).len(), 4);
    let of_databases = ask!(vera, ListPlatformsOfEntityType { kind: EntityKind::Database });
    assert!(of_databases.iter().all(|one| one.name != "Linux") && !of_databases.is_empty());
    assert!(!ask!(vera, ListOperatingSystems {}).is_empty());
    assert_eq!(ask!(vera, ListNodes { include_inactive: None }).len(), 1);
    assert_eq!(ask!(vera, ListNodes { include_inactive: Some(true) }).len(), 2);
    assert!(ask!(vera, ListTicketSystems {})[0].is_default);
    let rules = ask!(vera, ListPasswordRules { product: None });
    let rule = ask!(vera, GetPasswordRule { rule: rules[1].rule });
    assert_eq!(rule.name, rules[1].name);
    let rules = ask!(vera, ListDssKeyRules {});
    assert_eq!(ask!(vera, GetDssKeyRule { rule: rules[0].rule }).key_size, Some(3072));
}

async fn assets(vera: &Seat, workgroup: WorkgroupId) {
    assert_eq!(ask!(vera, GetWorkgroup { workgroup }).name, "Branch");
    assert_eq!(ask!(vera, FindWorkgroup { name: "branch".to_owned() }).workgroup, workgroup);
    let new = AssetSettings::new("10.1.0.1").name("WS1").dns_name("ws1.acme.test");
    let asset = ask!(vera, CreateAsset { workgroup, new: new.clone() }).asset;
    let named = || "Branch".to_owned();
    let second = ask!(
        vera,
        CreateAssetInWorkgroupNamed {
            workgroup_name: named(),
            new: AssetSettings::new("10.1.0.2").name("WS2"),
        }
    );
    let ids = |rows: Vec<Asset>| rows.iter().map(|one| one.asset).collect::<Vec<_>>();
    let all = ask!(vera, ListAssetsOfWorkgroup { workgroup, limit: 10, offset: 0 });
    assert_eq!(ids(all), [asset, second.asset]);
    let rest =
        ask!(vera, ListAssetsOfWorkgroupNamed { workgroup_name: named(), limit: 10, offset: 1 });
    assert_eq!(ids(rest), [second.asset]);
    let found = ask!(vera, FindAsset { workgroup_name: named(), name: "ws1".to_owned() });
    assert_eq!(found.asset, asset);
    let search = AssetSearch::new().dns_name("WS1.acme.test");
    assert_eq!(ids(ask!(vera, SearchAssets { search, limit: 5, offset: 0 })), [asset]);
    ask!(vera, UpdateAsset { asset, new: new.operating_system("Debian") });
    let changed = ask!(vera, GetAsset { asset });
    assert_eq!(changed.operating_system.as_deref(), Some("Debian"));
    assert!(changed.updated.is_some());
    ask!(vera, DeleteAssetNamed { workgroup_name: named(), name: "WS2".to_owned() });
    ask!(vera, DeleteAsset { asset });
    assert!(matches!(refused!(vera, GetAsset { asset }).kind(), ps_client::ErrorKind::NotFound));
}

async fn systems(vera: &Seat, workgroup: WorkgroupId) {
    let linux = PlatformId::new(2);
    let new = NewFunctionalAccount::new(linux, "svc-vault").password("fake-Svc".into());
    let functional_account = ask!(vera, CreateFunctionalAccount { new }).functional_account;
    let new = AssetSettings::new("10.1.0.9").name("SRV9");
    let asset = ask!(vera, CreateAsset { workgroup, new }).asset;
    let settings = || SystemSettings::new(linux).functional_account(functional_account);
    let new = settings().auto_managed(true).port(2222);
    let made = ask!(vera, CreateSystemOfAsset { asset, new: new.clone() });
    assert_eq!((made.name.as_str(), made.asset, made.port), ("SRV9", Some(asset), Some(2222)));
    let again = ask!(vera, CreateSystemOfAsset { asset, new });
    assert_eq!(again.system, made.system, "one system for each asset");
    let system = made.system;
    assert_eq!(ask!(vera, ListSystemsOfAsset { asset })[0].system, system);
    let own = ask!(vera, ListSystemsOfFunctionalAccount { functional_account });
    assert_eq!(own[0].system, system);
    assert_eq!(ask!(vera, GetFunctionalAccount { functional_account }).systems, Some(1));
    assert_eq!(ask!(vera, ListFunctionalAccounts {}).len(), 1);
    refused!(vera, DeleteFunctionalAccount { functional_account });

    let new = DatabaseSettings::new(PlatformId::new(11)).instance("PROD").port(1433);
    let database = ask!(vera, CreateDatabase { asset, new: new.clone() }).database;
    ask!(vera, UpdateDatabase { database, new: new.version("16") });
    assert_eq!(ask!(vera, GetDatabase { database }).version.as_deref(), Some("16"));
    assert_eq!(ask!(vera, ListDatabasesOfAsset { asset }).len(), 1);
    assert_eq!(ask!(vera, ListDatabases {}).len(), 1);
    let new = SystemSettings::new(PlatformId::new(11));
    let of_database = ask!(vera, CreateSystemOfDatabase { database, new });
    assert_eq!(of_database.name, "SRV9/PROD");
    assert_eq!(ask!(vera, ListSystemsOfDatabase { database })[0].system, of_database.system);

    let new = SystemSettings::new(PlatformId::new(47))
        .entity_type(EntityKind::Cloud)
        .host_name("cloud.acme.test");
    let cloud = ask!(vera, CreateSystemInWorkgroup { workgroup, new });
    assert!(cloud.cloud.is_some());
    let all = ask!(vera, ListSystemsOfWorkgroup { workgroup, limit: 10, offset: 0 });
    assert_eq!(all.len(), 3);
    let query = ManagedSystemQuery { name: Some("srv9".to_owned()), entity_type: None };
    let found = ask!(vera, ListManagedSystems { query, limit: 10, offset: 0 });
    assert_eq!(found[0].system, system);

    let read = ask!(vera, GetManagedSystem { system });
    let new = SystemSettings::of(&read).unwrap().description("build server").auto_managed(false);
    ask!(vera, UpdateManagedSystem { system, new });
    let read = ask!(vera, GetManagedSystem { system });
    assert_eq!(read.description.as_deref(), Some("build server"));
    assert_eq!((read.port, read.is_auto_managed), (Some(2222), false));
    ask!(vera, DeleteManagedSystem { system });
    ask!(vera, DeleteFunctionalAccount { functional_account });
    ask!(vera, DeleteDatabase { database });
    refused!(vera, GetManagedSystem { system: of_database.system });
}

async fn directories(vera: &Seat, workgroup: WorkgroupId) {
    let new = DirectorySettings::new(PlatformId::new(25), "branch.acme.test");
    let made = ask!(vera, CreateDirectory { workgroup, new: new.clone().netbios_name("BRANCH") });
    let directory = made.directory;
    assert_eq!(ask!(vera, ListDirectories {}).len(), 2, "the demonstration company has one");
    ask!(vera, UpdateDirectory { directory, new: new.use_tls(true) });
    let read = ask!(vera, GetDirectory { directory });
    assert_eq!((read.uses_tls, read.domain.as_deref()), (true, Some("branch.acme.test")));
    let system = &ask!(vera, ListSystemsOfDirectory { directory })[0];
    assert_eq!(system.directory, Some(directory));
    ask!(vera, DeleteDirectory { directory });
    refused!(vera, GetDirectory { directory });
}

async fn addresses(vera: &Seat) {
    let organization = ask!(vera, ListOrganizations {})[0].clone();
    let id = || organization.organization.clone();
    assert!(ask!(vera, GetOrganization { organization: id() }).is_active);
    let name = organization.name.clone();
    assert_eq!(ask!(vera, FindOrganization { name }).organization, id());

    let name = || "Offices".to_owned();
    let group = ask!(vera, CreateAddressGroup { name: name() }).group;
    refused!(vera, CreateAddressGroup { name: name() });
    let new = |value| NewAddress::new(AddressKind::Cidr, value);
    let address = ask!(vera, CreateAddress { group, new: new("10.2.0.0/16") }).address;
    ask!(vera, UpdateAddress { address, new: new("10.3.0.0/16").omit(true) });
    let read = ask!(vera, GetAddress { address });
    assert_eq!((read.value.as_deref(), read.is_omitted), (Some("10.3.0.0/16"), true));
    assert_eq!(ask!(vera, ListAddresses { group }).len(), 1);
    ask!(vera, DeleteAddress { address });
    ask!(vera, CreateAddress { group, new: new("10.4.0.0/16") });
    ask!(vera, DeleteAddresses { group });
    assert!(ask!(vera, ListAddresses { group }).is_empty());
    ask!(vera, UpdateAddressGroup { group, name: "Branches".to_owned() });
    assert_eq!(ask!(vera, GetAddressGroup { group }).name, "Branches");
    assert_eq!(ask!(vera, FindAddressGroup { name: "branches".to_owned() }).group, group);
    assert_eq!(ask!(vera, ListAddressGroups {}).len(), 1);
    let own = ask!(vera, ListAddressGroupsOfOrganization { organization: id() });
    assert_eq!(own.len(), 1);
    ask!(vera, DeleteAddressGroup { group });
    assert!(ask!(vera, ListAddressGroups {}).is_empty());
}

async fn attributes(vera: &Seat) {
    let kind = ask!(vera, CreateAttributeType { name: "Criticality".to_owned() }).kind;
    assert_eq!(ask!(vera, GetAttributeType { kind }).name, "Criticality");
    assert_eq!(ask!(vera, ListAttributeTypes {}).len(), 1);
    let new = NewAttribute::new("High", "Highly critical", "d");
    let attribute = ask!(vera, CreateAttribute { kind, new }).attribute;
    let new = NewAttribute::new("Highest", "The most critical", "d").parent(attribute);
    let below = ask!(vera, CreateAttribute { kind, new }).attribute;
    let tree = ask!(vera, ListAttributesOfType { kind });
    assert_eq!((tree.len(), tree[0].children[0].attribute), (1, below));
    assert_eq!(ask!(vera, GetAttribute { attribute }).short_name.as_deref(), Some("High"));

    let (account, system) = (AccountId::new(3124), SystemId::new(11));
    let asset = ask!(vera, GetManagedSystem { system }).asset.unwrap();
    ask!(vera, AssignAttributeToAccount { account, attribute });
    ask!(vera, AssignAttributeToSystem { system, attribute });
    ask!(vera, AssignAttributeToAsset { asset, attribute });
    assert_eq!(ask!(vera, ListAttributesOfAccount { account }).len(), 1);
    assert_eq!(ask!(vera, ListAttributesOfSystem { system }).len(), 1);
    assert_eq!(ask!(vera, ListAttributesOfAsset { asset }).len(), 1);
    ask!(vera, UnassignAttributeFromAccount { account, attribute });
    ask!(vera, UnassignAttributeFromSystem { system, attribute });
    ask!(vera, UnassignAttributeFromAsset { asset, attribute });
    refused!(vera, UnassignAttributeFromAsset { asset, attribute });
    ask!(vera, AssignAttributeToAccount { account, attribute: below });
    ask!(vera, UnassignAttributesFromAccount { account });
    assert!(ask!(vera, ListAttributesOfAccount { account }).is_empty());
    ask!(vera, UnassignAttributesFromSystem { system });
    ask!(vera, UnassignAttributesFromAsset { asset });
    ask!(vera, DeleteAttribute { attribute });
    refused!(vera, GetAttribute { attribute: below });
    ask!(vera, DeleteAttributeType { kind });
}

async fn others(vera: &Seat, workgroup: WorkgroupId) {
    let definition = "<?xml version=\"1.0\"?>\n<Platform Name=\"Camera\"><Login/></Platform>";
    ask!(vera, ImportCustomPlatform { definition: definition.to_owned() });
    let platform = ask!(vera, ListCustomPlatforms {})[0].platform;
    assert_eq!(ask!(vera, GetCustomPlatform { platform }).name, "Camera");
    let exported = ask!(vera, ExportCustomPlatform { platform });
    assert_eq!(exported.as_slice(), definition.as_bytes());

    let organization = ask!(vera, ListOrganizations {})[0].organization.clone();
    let found = ask!(vera, ListOracleInternetDirectories {});
    let directory = || found[0].directory.clone();
    let own = ask!(vera, ListOracleInternetDirectoriesOfOrganization { organization });
    assert_eq!(own[0].directory, directory());
    assert_eq!(
        ask!(vera, GetOracleInternetDirectory { directory: directory() }).name,
        found[0].name
    );
    assert_eq!(ask!(vera, QueryOracleServices { directory: directory() }).services.len(), 2);
    assert!(ask!(vera, TestOracleInternetDirectory { directory: directory() }).success);

    let delivery = ask!(vera, ListDeliveries {})[0].id.unwrap();
    assert_eq!(ask!(vera, DownloadDelivery { delivery }).len(), 1);
    let new = NewImport::new(workgroup, "accounts.csv", "QQ==".into());
    ask!(vera, CreateImport { new });
    let policy = ask!(vera, ListEpmPolicies {})[0].policy.clone();
    let new = NewEpmApplication::new("Tools", "ERP", "C:\\erp.exe", "ACME", true);
    ask!(vera, AddEpmApplication { policy, new });

    let account = AccountId::new(3124);
    let applications = ask!(vera, ListApplications {});
    let application = ask!(vera, GetApplication { application: applications[0].application });
    let application = application.application;
    ask!(vera, AssignApplication { account, application });
    assert_eq!(ask!(vera, ListApplicationsOfAccount { account }).len(), 1);
    ask!(vera, UnassignApplication { account, application });
    ask!(vera, AssignApplication { account, application });
    ask!(vera, UnassignApplications { account });
    assert!(ask!(vera, ListApplicationsOfAccount { account }).is_empty());
}
