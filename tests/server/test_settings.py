"""The limits of the server."""

import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.server.settings import ServerSettings


@pytest.mark.parametrize("limit", ["max_bytes", "queue", "read_seconds"])
def test_limits_must_leave_room(limit):
    with pytest.raises(ConfigError, match=limit):
        ServerSettings(**{limit: 0})
