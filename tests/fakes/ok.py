"""Odnoklassniki on loopback: the methods that Otklik uses, as they are documented.

Errors come in a body with status 200, empty answers happen, pages go on by an anchor. Not
documented, and believed here: what a missing anchor and a direction mean (forward is from the
oldest comment), and how discussions.getList is ordered (by the last activity).
"""

import hashlib
import json
import re

from aiohttp import web

from fakes.ok_methods import METHODS, Refused
from fakes.ok_pages import group_page, main_page
from fakes.ok_world import Call, World

WORLD = web.AppKey("world", World)

MESSAGES = {
    8: "FLOOD_BLOCKED",
    9: "IP_BLOCKED",
    10: "PERMISSION_DENIED",
    11: "LIMIT_REACHED",
    24: "NOT_OWNER",
    50: "NOT_ADMIN",
    100: "PARAM : Missed required or wrong parameter",
    101: "PARAM_API_KEY : No application key",
    102: "PARAM_SESSION_EXPIRED : Session expired",
    103: "PARAM_SESSION_KEY : Invalid session key",
    104: "PARAM_SIGNATURE : Invalid signature",
    160: "PARAM_GROUP_ID : Invalid group ID",
    200: "PARAM_PERMISSION",
    300: "NOT_FOUND",
    453: "SESSION_REQUIRED",
    454: "CENSOR_MATCH",
    455: "FRIEND_RESTRICTION",
    456: "GROUP_RESTRICTION",
    458: "PRIVACY_RESTRICTION",
    700: "COMMENT_NOT_FOUND",
}
FIELDS = re.compile(
    r"(feed|media_topic|comment|discussion|group|photo|group_photo)\.\*"
    r"|comment\.(author_id|author_name|author_ref|date|id|text|type|reply_to_id"
    r"|reply_to_comment_id)",
    re.IGNORECASE,
)


def ok_app(world: World) -> web.Application:
    """Return the network as an application: ``/fb.do``, ``/oauth/token.do``, pages for people."""
    app = web.Application()
    app[WORLD] = world
    app.router.add_post("/fb.do", _method)
    app.router.add_get("/fb.do", _method)
    app.router.add_post("/oauth/token.do", _token)
    app.router.add_get("/", _main)
    app.router.add_get("/group/{group}", _group)
    app.router.add_get(r"/group/{group}/{kind:topic|photos}/{thing:\d{1,20}}", _group)
    return app


async def _main(request: web.Request) -> web.Response:
    return web.Response(text=main_page(request.app[WORLD]), content_type="text/html")


async def _group(request: web.Request) -> web.Response:
    group = request.app[WORLD].groups.get(request.match_info["group"])
    if group is None:
        raise web.HTTPNotFound(text="Такой группы нет.")
    return web.Response(text=group_page(group), content_type="text/html")


async def _token(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    form = {name: str(value) for name, value in (await request.post()).items()}
    world.calls.append(Call(world.clock(), "oauth/token.do", form, None))
    right = (
        form.get("grant_type") == "refresh_token"
        and form.get("refresh_token") in world.refresh
        and form.get("client_id") == world.client_id
        and form.get("client_secret") == world.app_secret
    )
    if not right:
        said = {"error": "invalid_request", "error_description": "Invalid refresh token"}
        return web.json_response(said, status=400)
    if world.hollow.get("oauth/token.do"):
        return web.Response(text=world.hollow["oauth/token.do"].pop(0))
    return web.json_response(
        {"access_token": world.renew(), "expires_in": str(int(world.session_seconds))}
    )


async def _method(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    params = dict(request.query) | {
        name: str(value) for name, value in (await request.post()).items()
    }
    method = params.get("method", "")
    answer: object
    try:
        _admit(world, method, params)
        answer, code = METHODS[method](world, params), None
    except Refused as refused:
        code = refused.code
        # As the real one does: the words of an error repeat what was asked.
        answer = {
            "error_code": code,
            "error_msg": f"{MESSAGES.get(code, 'ERROR')} {params.get('access_token', '')}",
            "error_data": None,
        }
    world.calls.append(Call(world.clock(), method, params, code))
    if world.after.get(method):
        world.after[method].pop(0)()
    headers = {} if code is None else {"Invocation-Error": str(code)}
    if code is None and world.hollow.get(method):
        return web.Response(text=world.hollow[method].pop(0), content_type="application/json")
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", headers=headers)


def _admit(world: World, method: str, params: dict[str, str]) -> None:
    _sign_in(world, params)
    now = world.clock()
    while world.recent and world.recent[0] <= now - world.window:
        world.recent.popleft()
    if len(world.recent) >= world.rate:
        raise Refused(world.rate_code)
    world.recent.append(now)
    if method not in METHODS:
        raise Refused(3)
    if method in world.denied:
        raise Refused(world.denied[method])
    if world.quota.get(method, 1) <= 0:
        raise Refused(11)
    if method in world.quota:
        world.quota[method] -= 1
    wanted = [name for name in params.get("fields", "").split(",") if name]
    if not all(FIELDS.fullmatch(name.strip()) for name in wanted):
        raise Refused(100)


def _sign_in(world: World, params: dict[str, str]) -> None:
    if params.get("application_key") != world.application_key:
        raise Refused(101)
    token = params.get("access_token")
    if not token:
        raise Refused(453)
    if params.get("sig") != _signature(params, token, world.app_secret):
        raise Refused(104)
    if token not in world.sessions:
        raise Refused(103)
    until = world.sessions[token]
    if until is not None and until <= world.clock():
        raise Refused(102)


def _signature(params: dict[str, str], token: str, app_secret: str) -> str:
    signed = sorted(set(params) - {"sig", "access_token", "session_key"})
    words = "".join(f"{name}={params[name]}" for name in signed)
    return _md5(words + _md5(token + app_secret))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
