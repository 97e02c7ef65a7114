"""Scenes: an event loop has its calls made by a pool."""

from __future__ import annotations

import asyncio

from interleaving.stage import LIMIT_SECONDS, Stage, scene


@scene(for_peer=True)
def asyncio_is_told(stage: Stage) -> None:
    pool = stage.executor(2)

    async def call(number: int) -> None:
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, pow, number, 2) == number**2
        assert await asyncio.wrap_future(pool.submit(int)) == 0

    async def play() -> None:
        calls = asyncio.gather(*[call(number) for number in range(5)])
        await asyncio.wait_for(calls, LIMIT_SECONDS)

    with stage.soon("asyncio"):
        asyncio.run(play())
