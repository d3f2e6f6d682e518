"""Is every price dated, sourced and there for every Region that is priced?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from dataplane_cdk.config import priced_regions
from lab.cost.errors import CostError
from lab.cost.price_table import TABLE, read_prices
from tests.cost.conftest import PRIMARY

ROOT = Path(__file__).parents[2]
PRICES = read_prices()


@pytest.mark.parametrize("key", sorted(PRICES.prices))
def test_a_price_has_a_figure_for_every_region_a_unit_a_date_and_a_source(key: str) -> None:
    price = PRICES.prices[key]
    assert set(price.usd) == set(PRICES.regions)
    assert all(figure > 0 for figure in price.usd.values())
    assert price.confirmed <= set(price.usd)
    assert price.unit
    assert price.what
    assert date(2020, 1, 1) <= price.listed <= datetime.now(UTC).date()
    assert price.source.startswith("https://aws.amazon.com/")


def test_no_price_is_there_for_nothing() -> None:
    """A price that no rule names is one that nobody notices when it is wrong."""
    code = "".join(path.read_text() for path in (ROOT / "lab" / "cost").glob("*.py"))
    composed = ("fargate.", "rds.", "lambda.")
    assert [key for key in PRICES.prices if f'"{key}"' not in code and not key.startswith(composed)] == []


def test_the_cdk_accepts_the_regions_of_this_table_and_no_other() -> None:
    assert priced_regions() == frozenset(PRICES.regions)


def test_a_region_without_a_price_is_named_with_those_that_have_one() -> None:
    with pytest.raises(CostError) as refused:
        PRICES.price("nat.hour", "eu-west-1")
    assert str(refused.value) == (
        "The Region 'eu-west-1' has no price; known are ap-southeast-2, us-east-1, us-west-2."
    )


def test_a_price_that_is_not_in_the_table_is_named() -> None:
    with pytest.raises(CostError, match=r"No price 'nat\.day' is in prices\.yaml"):
        PRICES.price("nat.day", PRIMARY)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"date": "last year"}, "The price 'nat.hour' has no date"),
        ({"source": "somewhere"}, "The price 'nat.hour' has no source: 'somewhere'"),
        ({"usd": {PRIMARY: 1}}, "The price 'nat.hour' in prices.yaml has no figure for us-west-2"),
        ({"usd": None}, "is no price table"),
    ],
)
def test_a_price_without_date_source_or_figure_is_refused(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    content = yaml.safe_load(TABLE.read_text())
    content["prices"]["nat.hour"].update(changed)
    table = tmp_path / "prices.yaml"
    table.write_text(yaml.safe_dump(content))
    with pytest.raises(CostError) as refused:
        read_prices(table).price("nat.hour", "us-west-2")
    assert told in str(refused.value)
