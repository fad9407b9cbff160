"""Reads e-mail bounces, tells bad data from refused mail, and says what to do about the next sequence."""

__version__ = "0.1.0"
