"""Every target by its name."""

from __future__ import annotations

from importlib import import_module

from fuzz.target import Target
from fuzz.targets import classification, containers, feeds, fields, given, logs, messages, tables, webhooks

_MODULES = (messages, fields, classification, feeds, logs, containers, tables, webhooks, given)
TARGETS: dict[str, Target] = {target.name: target for module in _MODULES for target in module.TARGETS}


def target_named(name: str) -> Target:
    """The target of this name; `module:ATTRIBUTE` stands for one that is none of these. `KeyError` for no target."""
    module, separator, attribute = name.partition(":")
    if not separator:
        return TARGETS[name]
    found = getattr(import_module(module), attribute)
    if not isinstance(found, Target):
        raise KeyError(name)
    return found
