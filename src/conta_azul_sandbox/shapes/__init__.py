"""How the API shows things. One thing has several shapes: names and vocabularies differ by route (§3.5)."""
