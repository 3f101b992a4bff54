"""Provide the fixtures for the tests of the checker and the workload."""

import pytest

from tests.support.story import Story, clean_story


@pytest.fixture
def story() -> Story:
    return clean_story()
