"""Take the pictures of docs/console.md: every page, wide and narrow, light and dark.

python tests/console/screenshots.py docs/images/console
python tests/console/screenshots.py /tmp/look --only review,card
"""

import argparse
import base64
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from console.gallery import SIGHTS, SIZES, Sight
from console.showcase import Showcase, open_showcase, showcase_app
from console.test_browser import FLAGS, find_chromium, served
from playwright import sync_api as playwright

from pipeline.database import migrate, open_database

TALLEST = {"wide": 1500, "narrow": 1300}
"""Pixels of a page: what comes further down is more of the same."""


SCALES = {"wide": 0.7, "narrow": 1.0}
"""How large the pictures are beside the page: wide ones are looked at in a narrower column."""


def main() -> int:
    """Take the pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="names of pages, with commas between")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    wanted = set(filter(None, args.only.split(",")))
    with tempfile.TemporaryDirectory(prefix="otklik-pictures-") as folder:
        engine = open_database(f"sqlite:///{folder}/otklik.db")
        migrate(engine)
        showcase = open_showcase(engine)
        app = showcase_app(engine, showcase, Path(folder))
        tokens = {
            role: showcase.link(engine, role) for role in {one.role for one in SIGHTS} if role
        }
        with served(app) as address, playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            for size in SIZES:
                for scheme in ("light", "dark"):
                    for sight in SIGHTS:
                        if wanted and sight.name not in wanted:
                            continue
                        context = browser.new_context(
                            base_url=address,
                            viewport={"width": SIZES[size][0], "height": SIZES[size][1]},
                            color_scheme="dark" if scheme == "dark" else "light",
                        )
                        if sight.role is not None:
                            cookie = {"name": "otklik", "value": tokens[sight.role], "url": address}
                            context.add_cookies([cookie])  # type: ignore[list-item]
                        _take(
                            context.new_page(),
                            sight,
                            showcase,
                            size,
                            args.folder / (f"{sight.name}-{size}-{scheme}.webp"),
                        )
                        context.close()
            browser.close()
        engine.dispose()
    return 0


def _take(page: playwright.Page, sight: Sight, showcase: Showcase, size: str, path: Path) -> None:
    page.goto(sight.address(showcase))
    page.wait_for_load_state("networkidle")
    width, height = SIZES[size]
    tall = page.evaluate("document.documentElement.scrollHeight")
    if not sight.tall:
        tall = max(height, min(tall, TALLEST[size]))
    shown = {"x": 0, "y": 0, "width": width, "height": tall}
    # Playwright itself writes no WebP, which takes a quarter of the room.
    taken = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot",
        {
            "format": "webp",
            "quality": 60,
            "captureBeyondViewport": True,
            "clip": {**shown, "scale": SCALES[size]},
        },
    )
    path.write_bytes(base64.b64decode(taken["data"]))
    sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    sys.exit(main())
