"""Getting to know an SMSC: bind, try what is safe, and propose a connector for it."""

from trunkline.services.probe.observed import Observations, Plan, Target
from trunkline.services.probe.report import Finding, Report, conclude
from trunkline.services.probe.talk import ProbeFailed, observe

__all__ = ["Finding", "Observations", "Plan", "ProbeFailed", "Report", "Target", "conclude", "observe"]
