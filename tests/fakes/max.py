"""The fake MAX as a server: ``FakeServer(MaxFake(world).app)``.

Answers, with ``Authorization: <token>`` and without "Bearer"::

    GET  /me                                 the bot
    GET  /chats                              withdrawn: 404, unless the world brings it back
    GET  /chats/<id>                         a chat or channel (not a dialog)
    GET  /messages?chat_id=|message_ids=     the newest first; from >= t >= to, count
    GET  /messages/<mid>
    POST /messages?chat_id=|user_id=         {text, attachments, link}
    DELETE /messages?message_id=
    GET  /messages/<mid>/comments            the newest first; after <= t <= before, count
    POST /messages/<mid>/comments            {text, link}
    GET  /updates?marker=&limit=&timeout=&types=    405 while there is a subscription
    GET, POST, DELETE /subscriptions
    GET  /                                   what stands there, as a page to look at; no token

See MaxWorld for what to change while it runs.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from html import escape
from typing import Any

from aiohttp import web

from fakes.max_world import BOT_ID, Call, FakeChat, FakeMessage, MaxWorld, person, shown

TEXT = 4000
STEP = 0.05
"""Seconds between two looks for new events while an answer is waited for."""

Carry = Callable[[web.Request], Awaitable[dict[str, Any]]]


class MaxError(Exception):
    """A refusal: HTTP status, code and words."""

    def __init__(self, status: int, code: str, said: str) -> None:
        """Remember what to answer."""
        super().__init__(said)
        self.status, self.code, self.said = status, code, said


class MaxFake:
    """An aiohttp application over a world; ``app`` is made for FakeServer."""

    def __init__(self, world: MaxWorld) -> None:
        """Wrap the world."""
        self.world = world
        self.app = web.Application(client_max_size=1024 * 1024)
        self.app.router.add_get("/", self._front)
        self.app.router.add_get(r"/c/{chat:-?\d{1,18}}/{seq:\d{1,20}}", self._front)
        for method, path, carry in (
            ("GET", "/me", self._me),
            ("GET", "/chats", self._chats),
            ("GET", r"/chats/{chat:-?\d{1,18}}", self._chat),
            ("GET", "/messages", self._messages),
            ("POST", "/messages", self._send),
            ("DELETE", "/messages", self._delete),
            ("GET", r"/messages/{mid:[\w.-]+}", self._message),
            ("GET", r"/messages/{mid:[\w.-]+}/comments", self._comments),
            ("POST", r"/messages/{mid:[\w.-]+}/comments", self._comment),
            ("GET", "/updates", self._updates),
            ("GET", "/subscriptions", self._subscriptions),
            ("POST", "/subscriptions", self._subscribe),
            ("DELETE", "/subscriptions", self._unsubscribe),
        ):
            self.app.router.add_route(method, path, self._handler(carry))

    def _handler(self, carry: Carry) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            self.world.tick()
            call = Call(self.world.clock(), f"{request.method} {request.path}", 200)
            headers: dict[str, str] = {}
            try:
                self._admit(request)
                body: dict[str, Any] = await carry(request)
            except MaxError as error:
                call.status = error.status
                body = {"code": error.code, "message": error.said}
                if error.status == 429:
                    headers["Retry-After"] = "1"
            self.world.log.append(call)
            text = json.dumps(body, ensure_ascii=False)
            return web.Response(
                status=call.status, text=text, content_type="application/json", headers=headers
            )

        return answer

    def _admit(self, request: web.Request) -> None:
        if request.headers.get("Authorization", "") not in self.world.tokens:
            raise MaxError(401, "verify.token", "Invalid access_token")
        if self.world.unavailable > 0:
            self.world.unavailable -= 1
            raise MaxError(503, "service.unavailable", "Service is unavailable")
        now = self.world.clock()
        lately = sum(1 for call in self.world.log if now - call.at < 1 and call.status != 401)
        if self.world.rate is not None and lately >= self.world.rate:
            raise MaxError(429, "too.many.requests", "Too many requests")

    async def _me(self, _: web.Request) -> dict[str, Any]:
        return person(BOT_ID) | {"description": "Учебный бот", "commands": []}

    async def _chats(self, _: web.Request) -> dict[str, Any]:
        if not self.world.lists_chats:
            raise MaxError(404, "not.found", "Method is no longer supported")
        chats = [_shown_chat(one) for one in self.world.chats.values() if one.type != "dialog"]
        return {"chats": chats, "marker": None}

    async def _chat(self, request: web.Request) -> dict[str, Any]:
        return _shown_chat(self._admitted(int(request.match_info["chat"]), dialogs=False))

    def _admitted(self, chat: int, *, dialogs: bool = True) -> FakeChat:
        found = self.world.chats.get(chat)
        if found is None or (found.type == "dialog" and not dialogs):
            raise MaxError(404, "chat.not.found", "Chat not found")
        if not found.admitted:
            raise MaxError(403, "chat.denied", "No access to the chat")
        return found

    async def _messages(self, request: web.Request) -> dict[str, Any]:
        query = request.query
        if "message_ids" in query:
            found = [self.world.find(mid) for mid in query["message_ids"].split(",")]
            return {"messages": [shown(self.world, one) for one in found if one is not None]}
        chat = self._admitted(_number(query, "chat_id", None, -(2**63)))
        newest, oldest = _number(query, "from", 2**62), _number(query, "to", 0)
        return self._listed(chat.messages.values(), newest, oldest, _count(query))

    def _listed(
        self, messages: Iterable[FakeMessage], newest: int, oldest: int, count: int
    ) -> dict[str, Any]:
        inside = [one for one in messages if oldest <= one.at <= newest]
        inside.sort(key=lambda one: (one.at, one.seq), reverse=True)
        return {"messages": [shown(self.world, one) for one in inside[:count]]}

    def _wanted(self, mid: str) -> FakeMessage:
        found = self.world.find(mid)
        if found is None:
            raise MaxError(404, "not.found", "Message not found")
        return found

    async def _message(self, request: web.Request) -> dict[str, Any]:
        return shown(self.world, self._wanted(request.match_info["mid"]))

    async def _delete(self, request: web.Request) -> dict[str, Any]:
        self.world.remove(self._wanted(request.query.get("message_id", "")), quietly=True)
        return {"success": True}

    async def _send(self, request: web.Request) -> dict[str, Any]:
        body = await _json(request)
        if "chat_id" in request.query:
            chat = self._admitted(_number(request.query, "chat_id", None, -(2**63)))
        else:
            chat = self._admitted(_number(request.query, "user_id", None))
        self._pace(chat)
        answered = self._answered(body, chat.messages)
        message = self.world.say(chat.id, _text(body), author=BOT_ID, answers=answered)
        return {"message": shown(self.world, message)}

    def _answered(
        self, body: Mapping[str, Any], among: Mapping[str, FakeMessage]
    ) -> FakeMessage | None:
        link = body.get("link")
        if link is None:
            return None
        if not isinstance(link, dict) or link.get("type") not in {"reply", "forward"}:
            raise MaxError(400, "proto.payload", "Wrong link")
        if link.get("mid") not in among:
            raise MaxError(404, "not.found", "Linked message not found")
        return among[link["mid"]]

    def _pace(self, chat: FakeChat) -> None:
        now = self.world.now()
        own = [one for one in chat.messages.values() if one.author == BOT_ID]
        own += [
            said
            for post in chat.messages.values()
            for said in post.comments.values()
            if said.author == BOT_ID
        ]
        lately = sum(1 for one in own if now - one.at < 1000)
        if self.world.sends is not None and lately >= self.world.sends:
            raise MaxError(429, "too.many.requests", "Too many messages into one chat")

    async def _comments(self, request: web.Request) -> dict[str, Any]:
        post = self._post(request)
        query = request.query
        if "comment_ids" in query:
            found = [post.comments.get(mid) for mid in query["comment_ids"].split(",")]
            return {"messages": [shown(self.world, one) for one in found if one is not None]}
        newest, oldest = _number(query, "before", 2**62), _number(query, "after", 0)
        return self._listed(post.comments.values(), newest, oldest, _count(query))

    def _post(self, request: web.Request) -> FakeMessage:
        post = self._wanted(request.match_info["mid"])
        if self.world.chats[post.chat].type != "channel":
            raise MaxError(400, "proto.payload", "Not a post of a channel")
        return post

    async def _comment(self, request: web.Request) -> dict[str, Any]:
        body = await _json(request)
        post = self._post(request)
        chat = self.world.chats[post.chat]
        if not chat.comments_on:
            raise MaxError(403, "access.denied", "errors.comments_disabled")
        self._pace(chat)
        answered = self._answered(body, post.comments)
        message = self.world.comment(post, _text(body), author=BOT_ID, answers=answered)
        return {"message": shown(self.world, message)}

    async def _updates(self, request: web.Request) -> dict[str, Any]:
        if self.world.subscriptions:
            raise MaxError(405, "method.not.allowed", "Not allowed: the bot has a webhook")
        query = request.query
        limit = _number(query, "limit", 100)
        if not 1 <= limit <= 1000:
            raise MaxError(400, "proto.payload", "limit: 1..1000")
        wait = min(90, _number(query, "timeout", 30))
        types = {one for one in query.get("types", "").split(",") if one}
        # Without a marker nothing but the newest event is to be had.
        start = max(0, len(self.world.updates) - 1)
        marker = _number(query, "marker", start)
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            self.world.tick()
            found, after = self._page(marker, limit, types)
            if found or asyncio.get_running_loop().time() >= deadline:
                return {"updates": found, "marker": after}
            await asyncio.sleep(STEP)

    def _page(self, marker: int, limit: int, types: set[str]) -> tuple[list[dict[str, Any]], int]:
        found: list[dict[str, Any]] = []
        for number, update in enumerate(self.world.updates[marker:], start=marker):
            if len(found) == limit:
                return found, number
            if not types or update.get("update_type") in types:
                found.append(update)
        return found, max(marker, len(self.world.updates))

    async def _subscriptions(self, _: web.Request) -> dict[str, Any]:
        kept = ("url", "time", "update_types")
        return {
            "subscriptions": [{key: one[key] for key in kept} for one in self.world.subscriptions]
        }

    async def _subscribe(self, request: web.Request) -> dict[str, Any]:
        body = await _json(request)
        url = body.get("url")
        if not isinstance(url, str) or not url.startswith("https://"):
            raise MaxError(400, "proto.payload", "url: https:// is expected")
        one = {"url": url, "time": self.world.now(), "update_types": body.get("update_types")}
        self.world.subscriptions.append(one | {"secret": body.get("secret", "")})
        return {"success": True}

    async def _unsubscribe(self, request: web.Request) -> dict[str, Any]:
        url = request.query.get("url")
        self.world.subscriptions = [one for one in self.world.subscriptions if one["url"] != url]
        return {"success": True}

    async def _front(self, _: web.Request) -> web.Response:
        self.world.tick()
        parts = ["<!DOCTYPE html><meta charset=utf-8><title>MAX (учебный)</title>"]
        for chat in self.world.chats.values():
            parts.append(f"<h2>{escape(chat.title)}</h2><ul>")
            for message in chat.messages.values():
                said = "".join(f"<li>{escape(one.text)}" for one in message.comments.values())
                parts.append(f"<li>{escape(message.text)}<ul>{said}</ul>")
            parts.append("</ul>")
        return web.Response(text="".join(parts), content_type="text/html")


def _shown_chat(chat: FakeChat) -> dict[str, Any]:
    times = [one.at for one in chat.messages.values()]
    return {
        "chat_id": chat.id,
        "type": chat.type,
        "status": "active",
        "title": chat.title,
        "icon": None,
        "last_event_time": max(times, default=0),
        "participants_count": 120,
        "is_public": True,
        "description": None,
    }


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise MaxError(400, "proto.payload", "Not JSON") from None
    if not isinstance(body, dict):
        raise MaxError(400, "proto.payload", "An object is expected")
    return body


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text or len(text) > TEXT:
        raise MaxError(400, "proto.payload", "text: 1..4000 characters")
    return text


def _number(query: Mapping[str, str], name: str, default: int | None, least: int = 0) -> int:
    try:
        number = int(query[name]) if name in query or default is None else default
    except (KeyError, ValueError):
        raise MaxError(400, "proto.payload", f"{name}: a number is expected") from None
    if not least <= number < 2**63:
        raise MaxError(400, "proto.payload", f"{name}: out of range")
    return number


def _count(query: Mapping[str, str]) -> int:
    count = _number(query, "count", 50)
    if not 1 <= count <= 100:
        raise MaxError(400, "proto.payload", "count: 1..100")
    return count
