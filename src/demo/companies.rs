//! Forty fictional shops.

/// A company that becomes a customer. Its domain is its name under `.example`, which is reserved
/// (RFC 2606).
#[derive(Clone, Copy)]
pub(super) struct Company {
    pub name: &'static str,
    pub sells: &'static str,
    pub country: &'static str,
}

const fn shop(name: &'static str, sells: &'static str, country: &'static str) -> Company {
    Company { name, sells, country }
}

pub(super) const COMPANIES: [Company; 40] = [
    shop("Alderforge Tools", "hand tools", "GB"),
    shop("Åsvik Skis", "winter sports", "NO"),
    shop("Birch & Barrel", "kitchenware", "US"),
    shop("Bluethroat Coffee", "coffee", "DK"),
    shop("Café Mirasol", "coffee", "ES"),
    shop("Cinderpot Ceramics", "tableware", "PT"),
    shop("Cobaltine Cycles", "bicycles", "NL"),
    shop("Dovetail & Daughters", "furniture", "GB"),
    shop("Driftwick Candles", "home fragrance", "US"),
    shop("Elmstead Pets", "pet supplies", "GB"),
    shop("Emberling Roasters", "coffee", "AU"),
    shop("Fjordvik Knitwear", "clothing", "NO"),
    shop("Foxglove Post", "flowers", "IE"),
    shop("Goldcrest Audio", "audio", "DE"),
    shop("Granitgriff", "climbing gear", "AT"),
    shop("Harbourlight Watches", "watches", "SE"),
    shop("Hazelnook Home", "home textiles", "US"),
    shop("Indigo Nine Denim", "clothing", "JP"),
    shop("Ironbark Knives", "kitchenware", "AU"),
    shop("Juniper & Salt", "skincare", "FR"),
    shop("Kelpline Snacks", "food", "US"),
    shop("Kestrel Eyewear", "eyewear", "IT"),
    shop("Larkspur Linen", "home textiles", "LT"),
    shop("Lumenhaus", "lighting", "DE"),
    shop("Marlowe Stationers", "stationery", "GB"),
    shop("Meridian Map Room", "maps and globes", "US"),
    shop("Nimbus Rainwear", "clothing", "NZ"),
    shop("Northlamp Tents", "camping gear", "FI"),
    shop("Orchard Lane Preserves", "food", "GB"),
    shop("Pebblekind Toys", "toys", "DK"),
    shop("Quillsmith", "stationery", "CA"),
    shop("Rosewater & Rye", "tea", "IN"),
    shop("Saltmarsh Larder", "food", "NL"),
    shop("Søster Smykker", "jewelry", "DK"),
    shop("Tidewright Surf", "surfboards", "PT"),
    shop("Umbra Leather", "bags", "IT"),
    shop("Velvet Groove Records", "vinyl records", "US"),
    shop("Willowbright Baby", "baby goods", "CA"),
    shop("Yarrowfield Botanicals", "skincare", "CH"),
    shop("Zephyrine Kites", "outdoor toys", "FR"),
];
