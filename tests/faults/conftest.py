"""Where a row of a fault table runs."""

import pytest
from faults.ground import Ground


@pytest.fixture
def ground(tmp_path, small_run) -> Ground:
    (tmp_path / "row").mkdir()
    return Ground(tmp_path / "row", small_run.path, small_run.config)
