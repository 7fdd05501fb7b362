"""Who sells, on which terms: shops, offers, drops, feeds and pushes."""
