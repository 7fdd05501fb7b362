"""A key is held for as long as its command is decided; what is decided by then stays so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commands.errors import StorageUnavailable
from commands.logs.order_server import ServerOrder
from commands.logs.slices import SLICES, Directory
from commands.logs.tail import Tail
from commands.store.server import Server


class BrokenWhenDone:
    """The connection that has the key, which breaks while the command is decided."""

    async def ask(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if "unlock" in query:
            raise StorageUnavailable("the server is restarting")
        return [(True,)]

    async def close(self) -> None:
        pass


async def test_a_connection_that_broke_meanwhile_is_no_reason_to_take_the_answer_back():
    server = Server.at("postgresql://kontor@127.0.0.1:1/kontor")
    order = ServerOrder(server, "public", Tail([0], []), Directory(1, (0,) * SLICES))
    order._keys = BrokenWhenDone()
    async with order.holding("key"):
        answer = "decided"
    assert answer == "decided"
    await order.close()
