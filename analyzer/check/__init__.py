"""The pre-send check of a lead list: format, domain, mailbox and risk, one after another, and a grade for each lead."""
