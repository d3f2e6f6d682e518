"""Is the HTML report readable in a real browser, on a phone and on a desk, and does it need nothing from outside?"""

from __future__ import annotations

import json
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from drill_records import a_record, a_run

from lab.measuring.drill_record import Span
from lab.reports import report, result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# The page is shown in a frame of the width to test: a headless window is never narrower than 500 pixels.
PROBE = """<!doctype html><iframe id="page" src="{page}" style="width:{width}px;height:900px;border:0"></iframe><script>
addEventListener("load", () => {{
  const inside = document.getElementById("page").contentDocument, root = inside.documentElement;
  const svg = inside.querySelector("svg").getBoundingClientRect(), title = inside.querySelector("svg > title");
  const spilling = [...inside.querySelectorAll("body *")].filter((one) => !one.closest("svg, details:not([open]) > table")
    && one.getBoundingClientRect().right > {width} + 0.5).map((one) => one.tagName + "." + one.className);
  const outside = [...inside.querySelectorAll("[src], [href], script, link, iframe, object, embed")].length;
  document.body.dataset.seen = JSON.stringify({{
    wide: root.scrollWidth, spilling, outside, svg: [svg.width, svg.height], title: title.textContent,
    loaded: inside.defaultView.performance.getEntriesByType("resource").length,
    cut: [...inside.querySelectorAll("svg text")].filter((one) => {{
      const box = one.getBBox(), whole = one.ownerSVGElement.viewBox.baseVal.width;
      return box.x < 0 || box.x + box.width > whole;
    }}).map((one) => one.textContent),
    labelled: svg.height > 0 && !!inside.querySelector("svg > desc").textContent,
    ink: getComputedStyle(inside.body).color, paper: getComputedStyle(inside.body).backgroundColor,
  }});
}});
</script>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page was not looked at")


def seen(folder: Path, found: dict[str, Any], width: int, *options: str) -> dict[str, Any]:
    """What a browser says of the page at a width in CSS pixels."""
    page = report.write(found, folder)["report.html"]
    probe = folder / "probe.html"
    probe.write_text(PROBE.format(page=page.name, width=width))
    dom = subprocess.run(
        [
            *(str(CHROMIUM), *QUIET, *options, f"--user-data-dir={folder / 'browser'}"),
            *("--allow-file-access-from-files", f"--window-size={max(width, 500) + 40},1000"),
            *("--virtual-time-budget=5000", "--dump-dom", probe.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    answer: dict[str, Any] = json.loads(unescape(dom.split('data-seen="', 1)[1].split('"', 1)[0]))
    return answer


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_page_fits_its_screen_and_loads_nothing(tmp_path: Path, width: int) -> None:
    found = seen(tmp_path, result.build(a_record()), width)
    assert found["wide"] <= width
    assert found["spilling"] == []
    assert (found["outside"], found["loaded"]) == (0, 0)
    assert found["svg"][0] > 300
    assert found["svg"][1] > 200
    assert found["title"] == "Timeline of the drill"
    assert found["labelled"]


def test_no_label_of_the_picture_is_cut_wherever_it_stands(tmp_path: Path) -> None:
    """Signals and states each half a second, to the picture's right end."""
    names = ("health check us-west-2.app.example.com", "UpdateSecretsAndRotateAppConfig")
    moments = [101.0 + number / 2 for number in range(18)]
    health = [
        {"n": n, "kind": "health-check", "monotonic": at, "id": str(n), "name": names[0], "status": "unhealthy"}
        for n, at in enumerate(moments[::2])
    ]
    spans = tuple(Span(names[1], at, at + 0.4, None) for at in moments)
    for journal in (health[:8], health[-8:]):
        found = seen(tmp_path, result.build(a_record(runs=(a_run(spans=spans),), journal=tuple(journal))), 1280)
        assert found["cut"] == []


def test_long_words_do_not_make_the_page_wider_than_a_phone(tmp_path: Path) -> None:
    """An error's text or a long name has no place to break."""
    run = a_run(name="x" * 200, state={**a_run().state, "outcome": {"key": "k", "summary": "y" * 300}})
    record = a_record(runs=(run,), fault_description="z" * 300, environment={"w" * 100: "v" * 200})
    found = seen(tmp_path, result.build(record), 390)
    assert found["wide"] <= 390


def test_a_drill_that_observed_nothing_still_has_its_picture(tmp_path: Path) -> None:
    found = seen(tmp_path, result.build(a_record(survivor_rows=None, runs=(), attempts=(), journal=())), 1280)
    assert found["svg"][1] > 100


def test_a_dark_screen_gets_a_dark_page(tmp_path: Path) -> None:
    found = seen(tmp_path, result.build(a_record()), 1280, "--blink-settings=preferredColorScheme=0")
    light = seen(tmp_path, result.build(a_record()), 1280, "--blink-settings=preferredColorScheme=1")
    assert found["paper"] != light["paper"]
    assert found["ink"] != light["ink"]
