"""A command that starts at once: of all commands only the one asked for is built, and it reads the values of its
options without Pydantic, which typer loads for any of them at a third of the time that a command takes to start.

Texts, paths, numbers and flags are read here, and numbers that are none told of; any other type is left to typer.
"""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


def _flag(value: Any) -> bool:
    """A flag; words for one, which an environment variable may hold, are left to typer."""
    if isinstance(value, bool):
        return value
    raise ValueError


#: How a value given on the command line is read.
_READ: dict[Any, Callable[[Any], Any]] = {str: str, Path: Path, int: int, float: float, bool: _flag}

#: What a number that is none is told to be.
_NUMBERS: dict[Any, str] = {int: "whole number", float: "number"}


def command_for(app: typer.Typer, arguments: list[str]) -> Any:
    """The app as a command, with all that `arguments` can be about."""
    wanted = arguments[0] if arguments else ""
    named = [one for one in app.registered_commands if one.callback is not None and one.callback.__name__ == wanted]
    if named:
        app = copy(app)
        app.registered_commands, app.registered_groups = named, []
    return _quick(typer.main.get_command(app))


def _quick(command: Any) -> Any:
    """A command of typer's that reads the values of its options, and those of all commands below it, so."""
    for parameter in command.get_params(typer.Context(command)):
        # A typer that has no such thing is merely slower.
        if getattr(parameter, "_runtime_param", parameter) is None and parameter.type_descriptor.parameter_info:
            annotation = parameter.type_descriptor.annotation
            several = get_origin(annotation) is list
            read = _READ.get(get_args(annotation)[0] if several else annotation)
            if read is not None and parameter.type_descriptor.parameter_info.parser is None:
                parameter._runtime_param = _Quick(read, several)
    for below in getattr(command, "commands", {}).values():
        _quick(below)
    return command


class _Quick:
    """Stands in for typer's own way of reading the values of one parameter."""

    def __init__(self, read: Callable[[Any], Any], several: bool) -> None:
        self._read, self._several = read, several

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as what it is read by; none given is None, or () where several may be."""
        if self._read is Path and "" in ((value or ()) if self._several else (value,)):
            # A variable of a shell that is not set: as a path it would be the folder that the run is started in.
            raise typer.BadParameter("is empty; name a file or folder, or leave it out", ctx=ctx, param=param)
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            if self._several:
                return [self._read(one) for one in value]
            read = self._read(value)
        except (ValueError, TypeError):
            if self._read in _NUMBERS:
                raise typer.BadParameter(f"{value} is no {_NUMBERS[self._read]}", ctx=ctx, param=param) from None
            param._runtime_param = None
            return param.get_runtime_param().coerce(value, param=param, ctx=ctx)
        least, most = param.type_descriptor.parameter_info.min, param.type_descriptor.parameter_info.max
        if (least is None or least <= read) and (most is None or read <= most):
            return read
        between = f"from {least:g} to {most:g}" if most is not None else f"of {least:g} or more"
        raise typer.BadParameter(f"{value} is out of range; give a number {between}", ctx=ctx, param=param)
