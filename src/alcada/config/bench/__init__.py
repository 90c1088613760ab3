"""`alcada bench`: what the product does under load and faults, counted from the sandbox's own books."""
