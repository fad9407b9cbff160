"""The same work on Apache Spark: parsing where the mail lies, and a diagnosis of more than one machine holds.

PySpark comes with the extra `bounce-analyzer[spark]`; the package itself has to be installed on the workers too, since
they call the very functions that run locally. Nothing else in the package imports this one.
"""

from __future__ import annotations

from analyzer.spark.diagnosis import breakdown, diagnose
from analyzer.spark.parsing import parse
from analyzer.spark.tables import table

__all__ = ["breakdown", "diagnose", "parse", "table"]
