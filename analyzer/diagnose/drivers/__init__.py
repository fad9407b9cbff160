"""Which mailbox, campaign, provider, title … bounces more than its mix of leads explains."""
