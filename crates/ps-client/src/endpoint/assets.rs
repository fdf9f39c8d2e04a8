//! Assets: the machines of the inventory, managed or not.

use super::declare::{calls, paged};
use crate::model::{Asset, AssetId, AssetSearch, AssetSettings, SmartRuleId, WorkgroupId};

calls! {
    /// One asset. 404: there is none.
    GetAsset {
        /// The asset.
        asset: AssetId,
    }
        GET "Assets" / asset
        => object(Asset), Confirmed, "Asset Management (Read)";

    /// One page of a workgroup's assets.
    ListAssetsOfWorkgroup {
        /// The workgroup.
        workgroup: WorkgroupId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "Workgroups" / workgroup / "Assets" query { "limit" = limit, "offset" = offset }
        => list(Asset), Confirmed, "Asset Management (Read)";

    /// One page of the assets of a workgroup that is known by name.
    ListAssetsOfWorkgroupNamed {
        /// The workgroup's name.
        workgroup_name: String,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "Workgroups" / workgroup_name / "Assets" query { "limit" = limit, "offset" = offset }
        => list(Asset), Confirmed, "Asset Management (Read)";

    /// The asset of this name in a workgroup. 404: there is none.
    FindAsset {
        /// The workgroup's name.
        workgroup_name: String,
        /// The asset's name.
        name: String,
    }
        GET "Workgroups" / workgroup_name / "Assets" query { "name" = name }
        => object(Asset), Confirmed, "Asset Management (Read)";

    /// One page of the assets that fit.
    SearchAssets {
        /// What is looked for.
        search: AssetSearch,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        POST "Assets" / "Search" query { "limit" = limit, "offset" = offset } json (search)
        => list(Asset), Confirmed, "Asset Management (Read)", Safe;

    /// One page of the assets that a Smart Rule collects.
    ListAssetsOfSmartRule {
        /// The rule.
        rule: SmartRuleId,
        /// Rows to answer.
        limit: u32,
        /// Rows to skip first.
        offset: u32,
    }
        GET "SmartRules" / rule / "Assets" query { "limit" = limit, "offset" = offset }
        => list(Asset), Confirmed, "Asset Management (Read), and Read on the rule";

    /// Puts an asset into a workgroup. 201.
    CreateAsset {
        /// The workgroup.
        workgroup: WorkgroupId,
        /// The asset.
        new: AssetSettings,
    }
        POST "Workgroups" / workgroup / "Assets" json (new)
        => object(Asset), Confirmed, "Asset Management (Full)";

    /// Puts an asset into a workgroup that is known by name. 201.
    CreateAssetInWorkgroupNamed {
        /// The workgroup's name.
        workgroup_name: String,
        /// The asset.
        new: AssetSettings,
    }
        POST "Workgroups" / workgroup_name / "Assets" json (new)
        => object(Asset), Confirmed, "Asset Management (Full)";

    /// Replaces what the inventory knows of an asset.
    UpdateAsset {
        /// The asset.
        asset: AssetId,
        /// What it becomes.
        new: AssetSettings,
    }
        PUT "Assets" / asset json (new)
        => object(Asset), Confirmed, "Asset Management (Full)";

    /// Takes an asset out of the inventory.
    DeleteAsset {
        /// The asset.
        asset: AssetId,
    }
        DELETE "Assets" / asset
        => nothing, Confirmed, "Asset Management (Full)";

    /// Takes an asset out of the inventory by its names.
    DeleteAssetNamed {
        /// The workgroup's name.
        workgroup_name: String,
        /// The asset's name.
        name: String,
    }
        DELETE "Workgroups" / workgroup_name / "Assets" query { "name" = name }
        => nothing, Seen, "Asset Management (Full)";
}

paged! {
    ListAssetsOfWorkgroup of Asset by asset: AssetId;
    ListAssetsOfWorkgroupNamed of Asset by asset: AssetId;
    ListAssetsOfSmartRule of Asset by asset: AssetId;
    SearchAssets of Asset by asset: AssetId;
}
