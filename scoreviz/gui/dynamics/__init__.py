"""The Dynamics tab: one file a panel."""
