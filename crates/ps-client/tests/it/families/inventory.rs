//! What the vault knows of machines and what they stand in.

use ps_client::endpoint::address_groups::*;
use ps_client::endpoint::applications::*;
use ps_client::endpoint::assets::*;
use ps_client::endpoint::attributes::*;
use ps_client::endpoint::custom_platforms::*;
use ps_client::endpoint::databases::*;
use ps_client::endpoint::deliveries::*;
use ps_client::endpoint::directories::*;
use ps_client::endpoint::functional_accounts::*;
use ps_client::endpoint::oracle_internet_directories::*;
use ps_client::endpoint::organizations::*;
use ps_client::endpoint::password_rules::*;
use ps_client::endpoint::platforms::*;
use ps_client::endpoint::propagation_actions::*;
use ps_client::endpoint::surroundings::*;
use ps_client::endpoint::workgroups::*;
use ps_client::model::*;
use serde_json::json;

use super::{Tried, t};

const ASSET: &str = r#"{"WorkgroupID":1,"AssetID":5,"AssetName":"SRV01","DnsName":"srv01.acme.test",
    "DomainName":null,"IPAddress":"10.0.0.5","MacAddress":"","AssetType":"Server",
    "OperatingSystem":"Debian","Description":"","CreateDate":"2026-01-01T00:00:00",
    "LastUpdateDate":"2026-01-02T00:00:00Z"}"#;
const ADDRESS: &str = r#"{"AddressID":4,"AddressGroupID":3,"Type":"cidr","Value":"10.0.0.0/8",
    "Omit":false,"LastUpdateDate":"2026-01-02T00:00:00Z"}"#;

fn list(row: &str) -> String {
    format!("[{row}]")
}

fn page(row: &str) -> String {
    format!(r#"{{"TotalCount":1,"Data":[{row}]}}"#)
}

pub(super) fn try_all(tried: &mut Tried) {
    assets(tried);
    groups(tried);
    databases_and_directories(tried);
    platforms(tried);
    attributes(tried);
    others(tried);
}

fn assets(tried: &mut Tried) {
    let (asset, workgroup, rule) = (AssetId::new(5), WorkgroupId::new(1), SmartRuleId::new(9));
    let workgroup_name = || "Head office".to_owned();
    let name = || "SRV01".to_owned();
    let (limit, offset) = (100, 200);
    t!(tried: GetAsset { asset }, "GET Assets/5", 200 ASSET);
    t!(tried: ListAssetsOfWorkgroup { workgroup, limit, offset },
        "GET Workgroups/1/Assets?limit=100&offset=200", 200 &page(ASSET));
    t!(tried: ListAssetsOfWorkgroupNamed { workgroup_name: workgroup_name(), limit, offset },
        "GET Workgroups/Head office/Assets?limit=100&offset=200", 200 &list(ASSET));
    t!(tried: FindAsset { workgroup_name: workgroup_name(), name: name() },
        "GET Workgroups/Head office/Assets?name=SRV01", 200 ASSET);
    t!(tried: SearchAssets { search: AssetSearch::new().name("SRV01"), limit, offset },
        "POST Assets/Search?limit=100&offset=200", {{"AssetName": "SRV01"}}, 200 &page(ASSET));
    t!(tried: ListAssetsOfSmartRule { rule, limit, offset },
        "GET SmartRules/9/Assets?limit=100&offset=200", 200 &list(ASSET));
    let new = || AssetSettings::new("10.0.0.5").name("SRV01").operating_system("Debian");
    let body = json!({"IPAddress": "10.0.0.5", "AssetName": "SRV01", "OperatingSystem": "Debian"});
    t!(tried: CreateAsset { workgroup, new: new() }, "POST Workgroups/1/Assets", {body}, 201 ASSET);
    t!(tried: CreateAssetInWorkgroupNamed { workgroup_name: workgroup_name(), new: new() },
        "POST Workgroups/Head office/Assets", {body}, 201 ASSET);
    t!(tried: UpdateAsset { asset, new: new() }, "PUT Assets/5", {body}, 200 ASSET);
    t!(tried: DeleteAsset { asset }, "DELETE Assets/5", 200 "");
    t!(tried: DeleteAssetNamed { workgroup_name: workgroup_name(), name: name() },
        "DELETE Workgroups/Head office/Assets?name=SRV01", 200 "");
}

fn groups(tried: &mut Tried) {
    let workgroup = r#"{"OrganizationID":"8c1d","ID":1,"Name":"Default"}"#;
    t!(tried: ListWorkgroups {}, "GET Workgroups", 200 &list(workgroup));
    t!(tried: GetWorkgroup { workgroup: WorkgroupId::new(1) }, "GET Workgroups/1", 200 workgroup);
    t!(tried: FindWorkgroup { name: "Default".to_owned() },
        "GET Workgroups?name=Default", 200 workgroup);
    t!(tried: CreateWorkgroup { new: NewWorkgroup::new("Default") },
        "POST Workgroups", {{"Name": "Default"}}, 201 workgroup);
    let organization = r#"{"OrganizationID":"8c1d","Name":"ACME","IsActive":true}"#;
    t!(tried: ListOrganizations {}, "GET Organizations", 200 &list(organization));
    t!(tried: GetOrganization { organization: OrganizationId::new("8c1d") },
        "GET Organizations/8c1d", 200 organization);
    t!(tried: FindOrganization { name: "ACME".to_owned() },
        "GET Organizations?name=ACME", 200 organization);

    let group = AddressGroupId::new(3);
    let row = r#"{"AddressGroupID":3,"Name":"Offices","OrganizationID":"8c1d"}"#;
    let name = || "Offices".to_owned();
    t!(tried: ListAddressGroups {}, "GET AddressGroups", 200 &list(row));
    t!(tried: GetAddressGroup { group }, "GET AddressGroups/3", 200 row);
    t!(tried: FindAddressGroup { name: name() }, "GET AddressGroups?name=Offices", 200 row);
    t!(tried: ListAddressGroupsOfOrganization { organization: OrganizationId::new("8c1d") },
        "GET Organizations/8c1d/AddressGroups", 200 &list(row));
    t!(tried: CreateAddressGroup { name: name() },
        "POST AddressGroups", {{"Name": "Offices"}}, 201 row);
    t!(tried: UpdateAddressGroup { group, name: name() },
        "PUT AddressGroups/3", {{"Name": "Offices"}}, 200 row);
    t!(tried: DeleteAddressGroup { group }, "DELETE AddressGroups/3", 200 "");
    t!(tried: ListAddresses { group }, "GET AddressGroups/3/Addresses", 200 &list(ADDRESS));
    let new = || NewAddress::new(AddressKind::Cidr, "10.0.0.0/8").omit(true);
    let body = json!({"Type": "cidr", "Value": "10.0.0.0/8", "Omit": true});
    t!(tried: CreateAddress { group, new: new() },
        "POST AddressGroups/3/Addresses", {body}, 201 ADDRESS);
    t!(tried: DeleteAddresses { group }, "DELETE AddressGroups/3/Addresses", 200 "");
    let address = AddressId::new(4);
    t!(tried: GetAddress { address }, "GET Addresses/4", 200 ADDRESS);
    t!(tried: UpdateAddress { address, new: new() }, "PUT Addresses/4", {body}, 200 ADDRESS);
    t!(tried: DeleteAddress { address }, "DELETE Addresses/4", 200 "");
}

fn databases_and_directories(tried: &mut Tried) {
    let (asset, database) = (AssetId::new(5), DatabaseId::new(6));
    let row = r#"{"AssetID":5,"DatabaseID":6,"PlatformID":11,"InstanceName":"PROD",
        "IsDefaultInstance":false,"Port":1433,"Version":"16","Template":null}"#;
    t!(tried: ListDatabases {}, "GET Databases", 200 &list(row));
    t!(tried: GetDatabase { database }, "GET Databases/6", 200 row);
    t!(tried: ListDatabasesOfAsset { asset }, "GET Assets/5/Databases", 200 &list(row));
    let new = || DatabaseSettings::new(PlatformId::new(11)).instance("PROD").port(1433);
    let body = json!({"PlatformID": 11, "InstanceName": "PROD", "Port": 1433});
    t!(tried: CreateDatabase { asset, new: new() }, "POST Assets/5/Databases", {body}, 201 row);
    t!(tried: UpdateDatabase { database, new: new() }, "PUT Databases/6", {body}, 200 row);
    t!(tried: DeleteDatabase { database }, "DELETE Databases/6", 200 "");

    let directory = DirectoryId::new(7);
    let row = r#"{"DirectoryID":7,"WorkgroupID":1,"PlatformID":25,"DomainName":"acme.test",
        "ForestName":"acme.test","NetBiosName":"ACME","UseSSL":true,"Port":null,"Timeout":30,
        "Description":"","ContactEmail":null,"PasswordRuleID":0,"ReleaseDuration":120,
        "MaxReleaseDuration":525600,"ISAReleaseDuration":120,"AccountNameFormat":1,
        "AutoManagementFlag":false,"FunctionalAccountID":null,"CheckPasswordFlag":false,
        "ResetPasswordOnMismatchFlag":false,"ChangePasswordAfterAnyReleaseFlag":false,
        "ChangeFrequencyType":"first","ChangeFrequencyDays":null,"ChangeTime":"23:30"}"#;
    t!(tried: ListDirectories {}, "GET Directories", 200 &list(row));
    t!(tried: GetDirectory { directory }, "GET Directories/7", 200 row);
    let new = || DirectorySettings::new(PlatformId::new(25), "acme.test").use_tls(true);
    let body = json!({"PlatformID": 25, "DomainName": "acme.test", "UseSSL": true});
    t!(tried: CreateDirectory { workgroup: WorkgroupId::new(1), new: new() },
        "POST Workgroups/1/Directories", {body}, 200 row);
    t!(tried: UpdateDirectory { directory, new: new() }, "PUT Directories/7", {body}, 200 row);
    t!(tried: DeleteDirectory { directory }, "DELETE Directories/7", 200 "");
}

fn platforms(tried: &mut Tried) {
    let row = r#"{"PlatformID":4,"Name":"Linux","ShortName":"linux","PortFlag":true,
        "DefaultPort":22,"SupportsElevationFlag":true,"DomainNameFlag":false,
        "AutoManagementFlag":true,"DSSAutoManagementFlag":true,"ManageableFlag":true,
        "DSSFlag":true,"LoginAccountFlag":true,"DefaultSessionType":"SSH"}"#;
    t!(tried: ListPlatforms {}, "GET Platforms", 200 &list(row));
    t!(tried: GetPlatform { platform: PlatformId::new(4) }, "GET Platforms/4", 200 row);
    t!(tried: ListPlatformsOfEntityType { kind: EntityKind::Asset },
        "GET EntityTypes/1/Platforms", 200 &list(row));
    t!(tried: ListEntityTypes {}, "GET EntityTypes",
        200 r#"[{"EntityTypeID":1,"Name":"Asset","Description":"Asset"}]"#);
    let custom = r#"{"id":1001,"name":"Camera"}"#;
    let platform = CustomPlatformId::new(1001);
    t!(tried: ListCustomPlatforms {}, "GET CustomPlatforms", 200 &list(custom));
    t!(tried: GetCustomPlatform { platform }, "GET CustomPlatforms/1001", 200 custom);
    t!(tried: ExportCustomPlatform { platform }, "GET CustomPlatforms/1001/Export",
        200 "<?xml version=\"1.0\"?><CustomPlatform/>");
    t!(tried: ImportCustomPlatform { definition: "<CustomPlatform/>".to_owned() },
        "POST CustomPlatforms/Import", {{"CustomPlatform": "<CustomPlatform/>"}}, 200 "{}");
    let functional_account = FunctionalAccountId::new(8);
    let row = r#"{"FunctionalAccountID":8,"PlatformID":4,"DomainName":null,"AccountName":"svc",
        "DisplayName":"svc (Linux)","Description":"","ElevationCommand":"sudo",
        "SystemReferenceCount":3,"TenantID":null,"ObjectID":null,"AzureInstance":null}"#;
    t!(tried: ListFunctionalAccounts {}, "GET FunctionalAccounts", 200 &list(row));
    t!(tried: GetFunctionalAccount { functional_account }, "GET FunctionalAccounts/8", 200 row);
    let new = NewFunctionalAccount::new(PlatformId::new(4), "svc")
        .password("p\"w".into())
        .azure_instance(AzureInstance::UsGovernment);
    t!(tried: CreateFunctionalAccount { new }, "POST FunctionalAccounts",
        {{"PlatformID": 4, "AccountName": "svc", "Password": "p\"w",
            "AzureInstance": "AzureUsGovernment"}}, 201 row);
    t!(tried: DeleteFunctionalAccount { functional_account },
        "DELETE FunctionalAccounts/8", 200 "");
    let rule = r#"{"PasswordRuleID":0,"Name":"Default","Description":"","MinimumLength":20,
        "MaximumLength":25,"FirstCharacterRequirement":"A","LowercaseRequirement":"1",
        "UppercaseRequirement":"1","NumericRequirement":"1","SymbolRequirement":"1",
        "ValidLowercaseCharacters":"abc","ValidUppercaseCharacters":"ABC","ValidSymbols":"!",
        "EnabledProducts":["PasswordSafe"]}"#;
    t!(tried: ListPasswordRules { product: Some("secretssafe".to_owned()) },
        "GET PasswordRules?enabledproducts=secretssafe", 200 &list(rule));
    t!(tried: GetPasswordRule { rule: PasswordRuleId::new(0) }, "GET PasswordRules/0", 200 rule);
    let rule = r#"{"DSSKeyRuleID":1,"Name":"Default","Description":"","KeyType":"RSA",
        "KeySize":4096,"EncryptionType":"Auto","PasswordRuleID":0}"#;
    t!(tried: ListDssKeyRules {}, "GET DSSKeyRules", 200 &list(rule));
    t!(tried: GetDssKeyRule { rule: DssKeyRuleId::new(1) }, "GET DSSKeyRules/1", 200 rule);
}

fn attributes(tried: &mut Tried) {
    let (account, system) = (AccountId::new(34), SystemId::new(12));
    let (kind, attribute) = (AttributeTypeId::new(2), AttributeId::new(3));
    let kind_row = r#"{"AttributeTypeID":2,"Name":"Criticality","IsReadOnly":false}"#;
    let row = r#"{"AttributeID":3,"AttributeTypeID":2,"ParentAttributeID":null,"ShortName":"High",
        "LongName":"High","Description":"","ValueInt":null,"IsReadOnly":false,
        "ChildAttributes":[]}"#;
    t!(tried: ListAttributeTypes {}, "GET AttributeTypes", 200 &list(kind_row));
    t!(tried: GetAttributeType { kind }, "GET AttributeTypes/2", 200 kind_row);
    t!(tried: CreateAttributeType { name: "Criticality".to_owned() },
        "POST AttributeTypes", {{"Name": "Criticality"}}, 201 kind_row);
    t!(tried: DeleteAttributeType { kind }, "DELETE AttributeTypes/2", 200 "");
    t!(tried: ListAttributesOfType { kind }, "GET AttributeTypes/2/Attributes", 200 &list(row));
    t!(tried: GetAttribute { attribute }, "GET Attributes/3", 200 row);
    t!(tried: CreateAttribute { kind, new: NewAttribute::new("High", "High", "x").value(-1) },
        "POST AttributeTypes/2/Attributes",
        {{"ShortName": "High", "LongName": "High", "Description": "x", "ValueInt": -1}}, 201 row);
    t!(tried: DeleteAttribute { attribute }, "DELETE Attributes/3", 200 "");
    t!(tried: ListAttributesOfAccount { account },
        "GET ManagedAccounts/34/Attributes", 200 &list(row));
    t!(tried: AssignAttributeToAccount { account, attribute },
        "POST ManagedAccounts/34/Attributes/3", 201 row);
    t!(tried: UnassignAttributeFromAccount { account, attribute },
        "DELETE ManagedAccounts/34/Attributes/3", 200 "");
    t!(tried: UnassignAttributesFromAccount { account },
        "DELETE ManagedAccounts/34/Attributes", 200 "");
    let asset = AssetId::new(5);
    t!(tried: ListAttributesOfAsset { asset }, "GET Assets/5/Attributes", 200 &list(row));
    t!(tried: AssignAttributeToAsset { asset, attribute },
        "POST Assets/5/Attributes/3", 201 row);
    t!(tried: UnassignAttributeFromAsset { asset, attribute },
        "DELETE Assets/5/Attributes/3", 200 "");
    t!(tried: UnassignAttributesFromAsset { asset }, "DELETE Assets/5/Attributes", 200 "");
    t!(tried: ListAttributesOfSystem { system },
        "GET ManagedSystems/12/Attributes", 200 &list(row));
    t!(tried: AssignAttributeToSystem { system, attribute },
        "POST ManagedSystems/12/Attributes/3", 201 row);
    t!(tried: UnassignAttributeFromSystem { system, attribute },
        "DELETE ManagedSystems/12/Attributes/3", 200 "");
    t!(tried: UnassignAttributesFromSystem { system },
        "DELETE ManagedSystems/12/Attributes", 200 "");
}

fn others(tried: &mut Tried) {
    let account = AccountId::new(34);
    t!(tried: GetVersion {}, "GET Configuration/Version", 200 r#"{"Version":"25.1.0.7"}"#);
    t!(tried: ListNodes { include_inactive: Some(true) }, "GET Nodes?includeInactive=true",
        200 r#"[{"NodeID":"1f2e","HostName":"node1","DisplayName":"Node 1",
            "LastHeartbeat":"2026-01-01T00:00:00Z","IsActive":true}]"#);
    t!(tried: ListTicketSystems {}, "GET TicketSystems",
        200 r#"[{"TicketSystemID":1,"IsActive":true,"TicketSystemName":"Desk","Description":"",
            "IsDefaultSystem":true}]"#);
    t!(tried: ListOperatingSystems {}, "GET OperatingSystems",
        200 r#"[{"OperatingSystemID":1,"Name":"Debian"}]"#);
    let application = ApplicationId::new(9);
    let row = r#"{"ApplicationID":9,"Name":"SAP","DisplayName":"SAP GUI","Version":"8",
        "Command":"sap.exe","Parameters":"-u %u","Publisher":"SAP","ApplicationType":"Custom",
        "FunctionalAccountID":null,"ManagedSystemID":12,"IsActive":true,"SmartRuleID":0}"#;
    t!(tried: ListApplications {}, "GET Applications", 200 &list(row));
    t!(tried: GetApplication { application }, "GET Applications/9", 200 row);
    t!(tried: ListApplicationsOfAccount { account },
        "GET ManagedAccounts/34/Applications", 200 &list(row));
    t!(tried: AssignApplication { account, application },
        "POST ManagedAccounts/34/Applications/9", 201 row);
    t!(tried: UnassignApplication { account, application },
        "DELETE ManagedAccounts/34/Applications/9", 200 "");
    t!(tried: UnassignApplications { account }, "DELETE ManagedAccounts/34/Applications", 200 "");

    let action = PropagationActionId::new(2);
    let row = r#"{"PropagationActionID":2,"PropagationActionTypeID":1,"Name":"Services",
        "Description":"","SmartRuleID":null}"#;
    t!(tried: ListPropagationActions {}, "GET PropagationActions", 200 &list(row));
    t!(tried: GetPropagationAction { action }, "GET PropagationActions/2", 200 row);
    t!(tried: ListPropagationActionTypes {}, "GET PropagationActionTypes",
        200 r#"[{"PropagationActionTypeID":1,"Name":"Windows Service"}]"#);
    t!(tried: ListPropagationActionsOfAccount { account },
        "GET ManagedAccounts/34/PropagationActions", 200 &list(row));
    t!(tried: AssignPropagationAction { account, action, rule: Some(SmartRuleId::new(9)) },
        "POST ManagedAccounts/34/PropagationActions/2", {{"SmartRuleID": 9}}, 201 row);
    t!(tried: UnassignPropagationAction { account, action },
        "DELETE ManagedAccounts/34/PropagationActions/2", 200 "");
    t!(tried: UnassignPropagationActions { account },
        "DELETE ManagedAccounts/34/PropagationActions", 200 "");

    let directory = || OracleInternetDirectoryId::new("0a1b");
    let row = r#"{"OrganizationID":"8c1d","OracleInternetDirectoryID":"0a1b","Name":"OID",
        "Description":""}"#;
    t!(tried: ListOracleInternetDirectories {}, "GET OracleInternetDirectories", 200 &list(row));
    t!(tried: GetOracleInternetDirectory { directory: directory() },
        "GET OracleInternetDirectories/0a1b", 200 row);
    t!(tried: ListOracleInternetDirectoriesOfOrganization {
            organization: OrganizationId::new("8c1d"),
        }, "GET Organizations/8c1d/OracleInternetDirectories", 200 &list(row));
    t!(tried: QueryOracleServices { directory: directory() },
        "POST OracleInternetDirectories/0a1b/Services/Query",
        200 r#"{"Success":true,"Message":"","Services":[{"Name":"orcl"}]}"#);
    t!(tried: TestOracleInternetDirectory { directory: directory() },
        "POST OracleInternetDirectories/0a1b/Test", 200 r#"{"Success":true}"#);

    let delivery = r#"[{"ReportDeliveryId":3,"ScheduleId":2,"Filename":"r.pdf",
        "ApplicationType":"pdf","Snapshot":"AAEC"}]"#;
    t!(tried: ListDeliveries {}, "GET Subscriptions/Delivery", 200 delivery);
    t!(tried: DownloadDelivery { delivery: SubscriptionDeliveryId::new(3) },
        "POST Subscriptions/Delivery/Download?id=3", 200 delivery);
    let new =
        NewImport::new(WorkgroupId::new(1), "a.xml", "AAEC".into()).kind(ImportKind::PasswordSafe);
    t!(tried: CreateImport { new }, "POST Imports",
        {{"WorkgroupID": 1, "FileName": "a.xml", "Base64FileContents": "AAEC",
            "ImportType": "PASSWORDSAFE"}}, 200 "17");
    t!(tried: ListEpmPolicies {}, "GET EPMPolicies", 200 r#"[{"Id":"5e6f","Name":"Desks"}]"#);
    let new = NewEpmApplication::new("Tools", "x", "C:\\x.exe", "ACME", false);
    t!(tried: AddEpmApplication { policy: EpmPolicyId::new("5e6f"), new },
        "POST EPMPolicies/5e6f/EPMApplications/Add",
        {{"GroupName": "Tools", "Name": "x", "Path": "C:\\x.exe", "Publisher": "ACME",
            "ChildrenInheritToken": false}}, 200 "");
}
