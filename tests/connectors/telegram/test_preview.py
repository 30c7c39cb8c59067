"""Telegram's pages: what is a text, and what is not. The pages are made up, the markup is not."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fakes.telegram_pages import discussion_page, preview_page
from fakes.telegram_world import TelegramWorld
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import BadPayloadError, SourceError
from connectors.telegram.preview import parse_discussion, parse_preview
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

SEEN = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)

PAGE = """<!DOCTYPE html><html><body><div class="tgme_channel_info"></div>
<section class="tgme_channel_history js-message_history">
<div class="tgme_widget_message_wrap js-widget_message_wrap">
 <div class="tgme_widget_message service_message js-widget_message" data-post="smolray/40"
  ><div class="tgme_widget_message_text js-message_text">Channel photo updated</div></div></div>
<div class="tgme_widget_message_wrap js-widget_message_wrap">
 <div class="tgme_widget_message text_not_supported_wrap js-widget_message"
  data-post="smolray/41" data-view="eyJjIjotMSwicCI6IjQxZyJ9">
  <div class="tgme_widget_message_bubble">
   <div class="tgme_widget_message_forwarded_from accent_color">Forwarded from
    <a class="tgme_widget_message_forwarded_from_name" href="https://t.me/x"><span>Сосед</span></a>
   </div>
   <a class="tgme_widget_message_reply" href="https://t.me/smolray/12"><div
    class="tgme_widget_message_text js-message_reply_text" dir="auto">Старая новость</div></a>
   <div class="tgme_widget_message_grouped_wrap"><a href="https://t.me/smolray/41?single"></a
    ><a href="https://t.me/smolray/42?single"></a></div>
   <div class="tgme_widget_message_text js-message_text" dir="auto"><b>Нет воды</b> в Печерске \
<i class="emoji" style="background-image:url('//x')"><b>💧</b></i><br/>&quot;Ждите&quot; &amp; ждём\
<blockquote>до вечера</blockquote>или <tg-spoiler>завтра</tg-spoiler></div>
   <div class="tgme_widget_message_footer"><div class="tgme_widget_message_info">
    <span class="tgme_widget_message_views">1.58M</span><span class="tgme_widget_message_meta"
    >edited &nbsp;<a class="tgme_widget_message_date" href="https://t.me/smolray/41"><time
    datetime="2026-11-17T11:30:00+03:00" class="time">11:30</time></a></span></div></div>
  </div></div></div>
<div class="tgme_widget_message_wrap js-widget_message_wrap">
 <div class="tgme_widget_message js-widget_message" data-post="smolray/43">
  <time class="message_video_duration" datetime="0:42">0:42</time>
  <a class="tgme_widget_message_date"><time datetime="позавчера"></time></a></div></div>
<div class="tgme_widget_message js-widget_message" data-post="smolray/сорок">?</div>
<div class="tgme_widget_message js-widget_message" data-post="chuzhoy/7">чужая</div>
</section></body></html>"""


def test_a_post_is_its_own_text_and_nothing_around_it() -> None:
    page = parse_preview(PAGE, channel="smolray", seen_at=SEEN)

    told, picture = page.posts
    assert told.text == 'Нет воды в Печерске 💧\n"Ждите" & ждём\nдо вечера\nили завтра'
    assert told.external_id == "smolray/41"
    assert told.url == "https://t.me/smolray/41"
    assert told.published_at == datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
    assert (told.network, told.kind, told.seen_at) == (Network.TELEGRAM, PostKind.POST, SEEN)
    assert (told.author_id, told.edited_at, told.root_id) == ("", None, "")
    assert (picture.external_id, picture.text, picture.published_at) == ("smolray/43", "", None)


def test_service_messages_are_shown_but_are_no_posts() -> None:
    assert parse_preview(PAGE, channel="smolray").numbers == {40, 41, 43}


def test_what_cannot_be_told_apart_is_kept_for_a_person() -> None:
    rejected = parse_preview(PAGE, channel="smolray").rejected

    assert len(rejected) == 2
    assert all("smolray" in one.what and "номер" in one.what for one in rejected)
    assert 'data-post="smolray/сорок"' in rejected[0].payload


def test_comments_know_what_they_answer() -> None:
    html = """<div class="tgme_post_discussion js-message_history">
    <div class="tgme_messages_more js-messages_more" data-before="500">Show more</div>
    <div class="tgme_widget_message js-widget_message" data-post-id="501">
     <div class="tgme_widget_message_author"><a class="tgme_widget_message_author_name"
      href="https://t.me/ivan">Имя</a></div>
     <div class="tgme_widget_message_text js-message_text">Третий день без света</div>
     <a class="tgme_widget_message_date" href="https://t.me/smolray/41?comment=501"><time
      datetime="2026-11-17T08:00:00+00:00"></time></a></div>
    <div class="tgme_widget_message js-widget_message" data-post-id="502">
     <div class="tgme_widget_message_reply js-reply_to" data-reply-to="501"><div
      class="tgme_widget_message_text js-message_reply_text">Третий день без света</div></div>
     <div class="tgme_widget_message_text js-message_text">И у нас</div></div>
    <div class="tgme_widget_message js-widget_message" data-post-id="503">
     <a class="tgme_widget_message_reply" href="https://t.me/smolray/41?comment=502"></a>
     <div class="tgme_widget_message_text js-message_text">Дали!</div></div>
    <div class="tgme_widget_message js-widget_message" data-post-id="x"></div></div>"""

    page = parse_discussion(html, channel="smolray", post=41, seen_at=SEEN)

    assert [(one.external_id, one.parent_id, one.text) for one in page.comments] == [
        ("smolray/41/501", "", "Третий день без света"),
        ("smolray/41/502", "smolray/41/501", "И у нас"),
        ("smolray/41/503", "smolray/41/502", "Дали!"),
    ]
    assert {one.root_id for one in page.comments} == {"smolray/41"}
    assert {one.kind for one in page.comments} == {PostKind.COMMENT}
    assert {one.author_id for one in page.comments} == {""}
    assert page.comments[0].url == "https://t.me/smolray/41?comment=501"
    assert (page.available, page.truncated, len(page.rejected)) == (True, True, 1)


def test_a_post_without_a_discussion_is_told_from_one_without_comments() -> None:
    world = TelegramWorld()
    channel = world.add_channel("smolray", "Район")
    post = channel.posts[world.post("smolray", "Новость")]

    nobody_yet = parse_discussion(discussion_page(channel, post, 50), channel="smolray", post=2)
    channel.discussion = False
    closed = parse_discussion(discussion_page(channel, post, 50), channel="smolray", post=2)

    assert (nobody_yet.available, nobody_yet.comments) == (True, ())
    assert (closed.available, closed.comments) == (False, ())


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<html><body>Ведутся работы</body></html>",
        "<div>" * 10_000,
        "<div>" * 200_000 + '<div class="tgme_widget_message" data-post="smolray/1">',
        "<" * 100_000,
        "x" * 5_000_001,
        '<div class="tgme_widget_message" data-post-id="1"',
    ],
    ids=["empty", "works", "deep", "deeper", "brackets", "large", "cut"],
)
def test_a_page_of_another_kind_is_refused_in_words(html: str) -> None:
    for parse in (
        lambda: parse_preview(html, channel="smolray"),
        lambda: parse_discussion(html, channel="smolray", post=1),
    ):
        with pytest.raises(BadPayloadError, match=r"Telegram.*smolray"):
            parse()


def test_messages_inside_messages_are_read_once() -> None:
    inner = '<div class="tgme_widget_message" data-post="smolray/{}">'
    html = "".join(inner.format(number) for number in range(1, 1500))

    page = parse_preview(html, channel="smolray")

    assert [post.external_id for post in page.posts] == ["smolray/1"]


def test_an_endless_text_is_cut() -> None:
    message = '<div class="tgme_widget_message" data-post="smolray/1">'
    html = f'{message}<div class="js-message_text">{"я" * 200_000}'

    (post,) = parse_preview(html, channel="smolray").posts

    assert len(post.text) == 100_000


def world_page() -> str:
    world = TelegramWorld(clock=SEEN.timestamp)
    channel = world.add_channel("smolray", "Район")
    first = world.post("smolray", "Нет света ❗\nи воды", pictures=2, forwarded_from="Сосед")
    world.post("smolray", '<b>не разметка</b> & "кавычки"', reply_to=first)
    return preview_page(channel, None)


def test_texts_come_as_they_were_written() -> None:
    texts = [post.text for post in parse_preview(world_page(), channel="smolray").posts]

    assert texts == ["Нет света ❗\nи воды", '<b>не разметка</b> & "кавычки"']


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_broken_pages_end_in_posts_or_in_words(data: st.DataObject) -> None:
    html = world_page()
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(html)))
        end = data.draw(st.integers(start, min(len(html), start + 200)))
        noise = st.text(max_size=8) | st.sampled_from(["<", ">", '"', "</div>", "<table>", "&#0;"])
        html = html[:start] + data.draw(noise) + html[end:]
    posts: list[FetchedPost] = []
    with suppress(BadPayloadError):
        posts += parse_preview(html, channel="smolray").posts
    with suppress(BadPayloadError):
        posts += parse_discussion(html, channel="smolray", post=1).comments
    assert all(post.external_id.startswith("smolray/") for post in posts)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>/= \"'&;!-abdivpost\n\x00")))
def test_noise_is_no_page(html: str) -> None:
    with pytest.raises(SourceError):
        parse_preview(html, channel="smolray")
