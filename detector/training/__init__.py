"""Making models better: training, comparing, and putting a better one in the other's place. Nothing here runs at the rack."""
