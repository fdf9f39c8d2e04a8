//! The 256 words of spoken codes: one byte each.
//!
//! Chosen to be short, common, and hard to mistake for one another on a bad line.

/// In alphabetical order; the place is the byte.
pub(super) const WORDS: [&str; 256] = [
    "acorn", "actor", "adobe", "agate", "album", "alder", "alley", "almond", "amber", "anchor",
    "angle", "ankle", "anvil", "apple", "apron", "arch", "arena", "armor", "arrow", "aspen",
    "atlas", "attic", "autumn", "avenue", "badge", "bagel", "baker", "bamboo", "banjo", "barley",
    "barn", "basil", "basin", "basket", "beach", "beacon", "beaver", "bell", "bench", "berry",
    "birch", "bishop", "bison", "blanket", "blossom", "bonfire", "bonnet", "border", "bottle",
    "boulder", "branch", "bread", "breeze", "brick", "bridge", "bronze", "brook", "brush",
    "bucket", "buffalo", "bugle", "butter", "button", "cabin", "cable", "cactus", "camel",
    "candle", "canoe", "canyon", "carbon", "cargo", "carpet", "carrot", "castle", "cedar",
    "cellar", "cement", "chalk", "chapel", "cherry", "chimney", "cider", "circus", "citrus",
    "clay", "clover", "coach", "cobalt", "coconut", "comet", "copper", "coral", "cotton", "cradle",
    "crater", "cricket", "crystal", "curtain", "cushion", "cypress", "daisy", "dancer", "denim",
    "desert", "diamond", "dolphin", "donkey", "dragon", "drummer", "eagle", "easel", "echo",
    "elbow", "ember", "emerald", "engine", "falcon", "feather", "fennel", "ferry", "fiddle",
    "figure", "finch", "flannel", "flint", "flute", "forest", "fossil", "fountain", "fox",
    "galaxy", "garden", "garlic", "gazelle", "ginger", "glacier", "goblet", "granite", "grape",
    "gravel", "hammer", "harbor", "harvest", "hazel", "helmet", "heron", "hickory", "honey",
    "horizon", "hornet", "iceberg", "igloo", "indigo", "island", "ivory", "jacket", "jaguar",
    "jasmine", "jigsaw", "juniper", "kayak", "kernel", "kettle", "kiosk", "kiwi", "ladder",
    "lagoon", "lantern", "laurel", "lemon", "lentil", "leopard", "lilac", "linen", "lizard",
    "lobster", "locket", "lotus", "lumber", "magnet", "mallet", "mango", "maple", "marble",
    "meadow", "melon", "mesa", "mirror", "mitten", "monsoon", "mortar", "mosaic", "mustard",
    "napkin", "nectar", "needle", "nickel", "nutmeg", "oasis", "oboe", "ocean", "olive", "onion",
    "opal", "orbit", "orchid", "otter", "oyster", "paddle", "panda", "papaya", "parcel", "parrot",
    "pebble", "pelican", "pepper", "piano", "pillow", "pine", "pirate", "planet", "plaza", "plum",
    "pocket", "polar", "pony", "poplar", "poppy", "pottery", "prairie", "pretzel", "prism",
    "puffin", "pumpkin", "quail", "quarry", "quartz", "quilt", "rabbit", "radish", "raft",
    "raisin", "ribbon", "river", "rocket", "saddle", "saffron", "sailor", "salmon", "sandal",
    "scarf", "shovel", "signal", "silver", "skate",
];
