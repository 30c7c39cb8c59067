"""The fake Telegram as a server: ``FakeServer(TelegramFake(world).app)``.

Answers::

    GET  /s/<channel>?before=               the preview; redirects to /<channel> where there is none
    GET  /<channel>/<post>?embed=1&discussion=1&comments_limit=
    GET  /<channel>                         the page that invites to open the application
    GET, POST /bot<token>/<method>          getUpdates, getMe, setWebhook, deleteWebhook,
                                            getWebhookInfo
    GET  /                                  the channels, as a page to look at

See TelegramWorld for what to change while it runs.
"""

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from fakes.telegram_pages import discussion_page, landing_page, preview_page
from fakes.telegram_world import BOT_ID, FakeBot, TelegramWorld

LIMIT = 100
STEP = 0.05
"""Seconds between two looks for new updates while an answer is waited for."""


class TelegramFake:
    """An aiohttp application over a world; ``app`` is made for FakeServer."""

    def __init__(self, world: TelegramWorld) -> None:
        """Wrap the world."""
        self.world = world
        self.app = web.Application(client_max_size=1024 * 1024)
        self.app.router.add_get("/", self._front)
        self.app.router.add_route("*", r"/bot{token:[^/]*}/{method}", self._method)
        self.app.router.add_get(r"/s/{channel:\w+}", self._preview)
        self.app.router.add_get(r"/{channel:\w+}", self._landing)
        self.app.router.add_get(r"/{channel:\w+}/{post:\d{1,15}}", self._discussion)

    async def _front(self, _: web.Request) -> web.Response:
        self.world.tick()
        lines = "".join(
            f'<li><a href="/s/{name}">{channel.title}</a></li>'
            for name, channel in self.world.channels.items()
        )
        return _html(f"<!DOCTYPE html><meta charset=utf-8><ul>{lines}</ul>")

    async def _preview(self, request: web.Request) -> web.Response:
        refused = self._refuse_page(request)
        if refused is not None:
            return refused
        name = request.match_info["channel"]
        channel = self.world.channels.get(name)
        if channel is None or not channel.preview:
            return web.Response(status=302, headers={"Location": f"/{name}"})
        before = request.query.get("before", "")
        return _html(preview_page(channel, int(before) if before.isdecimal() else None))

    async def _landing(self, request: web.Request) -> web.Response:
        self.world.tick()
        channel = self.world.channels.get(request.match_info["channel"])
        if channel is None:
            return _html('<!DOCTYPE html><div class="tgme_page">Telegram: Contact</div>')
        return _html(landing_page(channel))

    async def _discussion(self, request: web.Request) -> web.Response:
        refused = self._refuse_page(request)
        if refused is not None:
            return refused
        channel = self.world.channels.get(request.match_info["channel"])
        if channel is None or request.query.get("discussion") != "1":
            return await self._landing(request)
        limit = request.query.get("comments_limit", "5")
        post = channel.posts.get(int(request.match_info["post"]))
        return _html(discussion_page(channel, post, int(limit) if limit.isdecimal() else 5))

    def _refuse_page(self, request: web.Request) -> web.Response | None:
        self.world.tick()
        seconds = self._refused("web ", request.path, self.world.web_rate)
        if seconds is None:
            return None
        return web.Response(status=429, headers={"Retry-After": str(seconds)}, text="Too Many")

    def _refused(self, kind: str, path: str, rate: int | None) -> int | None:
        """Note a request; return how many seconds it is refused for, None when it is not."""
        now = self.world.clock()
        lately = sum(1 for at, one in self.world.log if now - at < 1 and one.startswith(kind))
        self.world.log.append((now, kind + path))
        if self.world.refusals > 0:
            self.world.refusals -= 1
            return self.world.retry_after
        return self.world.retry_after if rate is not None and lately >= rate else None

    async def _method(self, request: web.Request) -> web.Response:
        self.world.tick()
        token, method = request.match_info["token"], request.match_info["method"]
        params = dict(request.query)
        if request.method == "POST":
            params |= {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        if ":" not in token:
            return _refusal(404, "Not Found")
        bot = self.world.bots.get(token)
        if bot is None:
            return _refusal(401, "Unauthorized")
        seconds = self._refused("bot ", f"/bot/{method}", self.world.bot_rate)
        if seconds is not None:
            said = f"Too Many Requests: retry after {seconds}"
            return _refusal(429, said, {"parameters": {"retry_after": seconds}})
        return await self._carry_out(bot, method.lower(), params)

    async def _carry_out(
        self, bot: FakeBot, method: str, params: Mapping[str, str]
    ) -> web.Response:
        match method:
            case "getupdates":
                return await self._updates(bot, params)
            case "getme":
                return _result({"id": BOT_ID, "is_bot": True, "first_name": "Приёмная"})
            case "setwebhook":
                bot.webhook = params.get("url", "")
                return _result(result=True)
            case "deletewebhook":
                bot.webhook = ""
                return _result(result=True)
            case "getwebhookinfo":
                waiting = len(bot.updates)
                return _result({"url": bot.webhook, "pending_update_count": waiting})
            case _:
                return _refusal(404, "Not Found")

    async def _updates(self, bot: FakeBot, params: Mapping[str, str]) -> web.Response:
        if bot.webhook:
            return _refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        try:
            offset = int(params.get("offset", "0"))
            limit = min(LIMIT, max(1, int(params.get("limit", "100"))))
            timeout = min(50.0, float(params.get("timeout", "0")))
            if "allowed_updates" in params:
                bot.allowed = tuple(json.loads(params["allowed_updates"]))
        except ValueError:
            return _refusal(400, "Bad Request: can't parse parameters")
        if offset > 0:
            bot.updates = [one for one in bot.updates if one["update_id"] >= offset]
        elif offset < 0:
            bot.updates = bot.updates[offset:]
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            self.world.tick()
            found = [one for one in bot.updates if not bot.allowed or {*one} & {*bot.allowed}]
            if found or asyncio.get_running_loop().time() >= deadline:
                return _result(found[:limit])
            await asyncio.sleep(STEP)


def _html(page: str) -> web.Response:
    return web.Response(text=page, content_type="text/html")


def _result(result: object) -> web.Response:
    return _json(200, {"ok": True, "result": result})


def _refusal(code: int, said: str, extra: Mapping[str, object] | None = None) -> web.Response:
    return _json(code, {"ok": False, "error_code": code, "description": said, **(extra or {})})


def _json(status: int, body: object) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json")
