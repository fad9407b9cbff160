"""Asks the mail hosts themselves whether they know an address, gently, and reads what they say with our own rules."""

from analyzer.check.smtp.answers import Progress
from analyzer.check.smtp.options import ProbeOptions
from analyzer.check.smtp.prober import Target, Targets, probe
from analyzer.check.smtp.self_audit import SelfAudit, refuse_unfit, self_audit

__all__ = ["ProbeOptions", "Progress", "SelfAudit", "Target", "Targets", "probe", "refuse_unfit", "self_audit"]
