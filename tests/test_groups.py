"""Tests that share something dear, such as a server or a browser, must run in one worker."""

import pytest


@pytest.mark.xdist_group("groups")
def test_a_group_of_tests_is_known_to_who_shares_them_out(
    request: pytest.FixtureRequest, worker_id: str
) -> None:
    assert worker_id == "master" or request.node.nodeid.endswith("@groups")
