"""The fake VKontakte as a server: ``FakeServer(VkFake(world).app)``.

Answers, for a person as well as for a program::

    POST /method/<name>        API 5.199, form-urlencoded; v and access_token in the form, or
                               ``Authorization: Bearer``; the methods stand in vk_*.py
    GET  /wh<group id>         Long Poll, the address that groups.getLongPollServer gives
    GET  /                     the communities, as a page to look at
    GET  /wall-990000201       posts and comments of one of them; also /wall-990000201_5?reply=7

Order of what is checked: the token (5, 1117), the version (8), the method (3), the kind of token
(27, 28, 15, 1051), its pace (6), captcha (14), quota (29), faults, parameters, size (13).
See VkWorld for what to change while it runs.
"""

import json
from typing import Any

from aiohttp import web

from fakes import vk_execute, vk_places, vk_search, vk_wall
from fakes.vk_calls import METHODS, Ask, carry_out
from fakes.vk_limits import Call, FakeToken, VkError
from fakes.vk_longpoll import long_poll
from fakes.vk_pages import front_page, wall_page
from fakes.vk_world import VERSION, VkWorld

__all__ = ["METHODS", "VkFake"]

FAMILIES = (vk_execute, vk_places, vk_search, vk_wall)
"""The modules of methods: importing them fills METHODS, the table that calls are answered by."""


class VkFake:
    """An aiohttp application over a world; ``app`` is made for FakeServer."""

    def __init__(self, world: VkWorld) -> None:
        """Wrap the world."""
        self.world = world
        self.app = web.Application(client_max_size=1024 * 1024)
        self.app.router.add_route("*", "/method/{name}", self._method)
        self.app.router.add_get(r"/wh{group:\d{1,18}}", self._long_poll)
        self.app.router.add_get("/", self._front)
        self.app.router.add_get(r"/wall{owner:-?\d{1,18}}", self._wall)
        self.app.router.add_get(r"/wall{owner:-?\d{1,18}}_{post:\d{1,18}}", self._wall)

    async def _method(self, request: web.Request) -> web.Response:
        self.world.tick()
        params = dict(request.query)
        is_form = request.content_type != "application/json"
        if is_form:
            try:
                form = await request.post()
                params |= {key: value for key, value in form.items() if isinstance(value, str)}
            except ValueError:  # not UTF-8, or parts that do not hold together
                is_form = False
        header = request.headers.get("Authorization", "")
        secret = params.pop("access_token", "") or header.removeprefix("Bearer ").strip()
        base = f"{request.scheme}://{request.host}"
        body = self._answer(request.match_info["name"], params, secret, base, is_form=is_form)
        return web.Response(text=body, content_type="application/json")

    def _answer(
        self, name: str, params: dict[str, str], secret: str, base: str, *, is_form: bool
    ) -> str:
        """Return the whole answer; an error echoes the request, the token with it, as there."""
        code = 0
        try:
            if self.world.before_call is not None:
                self.world.before_call(name, params)
            token = self._admit(params, secret, is_form=is_form)
            ask = Ask(self.world, token, name, params, base)
            return self._sized(carry_out(ask, inside=False))
        except VkError as error:
            code = error.code
            echoed = {"method": name, "oauth": "1"} | params | {"access_token": secret}
            refusal = {
                "error_code": code,
                "error_msg": error.message,
                "request_params": [{"key": key, "value": text} for key, text in echoed.items()],
            }
            return _json({"error": refusal | error.extra})
        finally:
            now = self.world.clock()
            self.world.log.append(Call(now, secret, name, code, False, params))

    def _admit(self, params: dict[str, str], secret: str, *, is_form: bool) -> FakeToken:
        """Check what stands before any method; return the token."""
        token = self.world.tokens.get(secret)
        if not is_form:
            raise VkError(8, "Invalid request: a form is expected, not JSON")
        if token is None or token.dead:
            raise VkError(token.dead if token else 5)
        if params.get("v") != VERSION:
            raise VkError(8, f"Invalid request: v should be {VERSION}")
        return token

    def _sized(self, value: Any) -> str:
        """Write a response; one that is too large is error 13."""
        whole = {"response": value}
        if isinstance(value, vk_execute.Results):
            whole = {"response": value.value}
            if value.errors:
                whole["execute_errors"] = value.errors
        body = _json(whole)
        if len(body.encode()) > self.world.answer_limit:
            raise VkError(13)
        return body

    async def _long_poll(self, request: web.Request) -> web.Response:
        return await long_poll(self.world, request)

    async def _front(self, _: web.Request) -> web.Response:
        self.world.tick()
        return front_page(self.world)

    async def _wall(self, request: web.Request) -> web.Response:
        self.world.tick()
        wall = self.world.walls.get(int(request.match_info["owner"]))
        if wall is None:
            raise web.HTTPNotFound(text="Такого сообщества здесь нет.")
        post = request.match_info.get("post")
        return wall_page(wall, None if post is None else int(post))


def _json(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
