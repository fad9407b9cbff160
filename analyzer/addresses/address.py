"""What is read out of one cell of a list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One cell of a list, read: `email` as cleaned, `domain` in A-labels and lower case, `registrable` the name under
    its public suffix. `fault` is a code of `rules/check.toml`, "" where the address is in order; `cleaned` says what
    was taken off it, `detail` what is wrong with it, `suggestion` what was probably meant.
    """

    email: str
    local: str
    domain: str
    registrable: str
    fault: str = ""
    cleaned: tuple[str, ...] = ()
    detail: str = ""
    suggestion: str = ""
    ascii_local: bool = True

    @property
    def deliverable_form(self) -> str:
        """The address as a server is asked for it: the local part as it is, the domain in A-labels."""
        return f"{self.local}@{self.domain}"
