"""Spark as a cluster: a master and two workers as processes of their own, on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

if shutil.which("java") is None:
    raise RuntimeError("java is missing: these tests need it (apt-get install openjdk-17-jre-headless)")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    folder = tmp_path_factory.mktemp("spark")
    os.environ |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_WORKER_DIR": str(folder),
    }
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            SparkSession.builder.master("local-cluster[2,1,1024]")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.executor.memory", "1g")
            # More than this does not come to the driver: a job whose rows would is ended by Spark.
            .config("spark.driver.maxResultSize", "8m")
            .config("spark.sql.shuffle.partitions", "2")
            # These tables are small: what Spark does to be quick with large ones takes longer than they do.
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
            .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.worker.cleanup.enabled", "false")
            .getOrCreate()
        )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def sample() -> Path:
    return Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def a_worker_is_killed(spark: object) -> Callable[[float], AbstractContextManager[None]]:
    """While the block runs, after some seconds, one of this cluster's workers dies; it fails where it ended before."""

    @contextmanager
    def killing(after: float) -> Iterator[None]:
        killed = threading.Event()

        def kill() -> None:
            time.sleep(after)
            ours = f"CoarseGrainedExecutorBackend.*{spark.sparkContext.applicationId}"  # type: ignore[attr-defined]
            found = subprocess.run(["pgrep", "-f", ours], capture_output=True, text=True)
            os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
            killed.set()

        hand = threading.Thread(target=kill)
        hand.start()
        yield
        assert killed.is_set()
        hand.join()

    return killing
