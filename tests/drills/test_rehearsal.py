"""Is a restore rehearsed on real backups in seconds, by its workflow, and does the lab's production not notice?"""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

import pytest

from lab.cli import main
from lab.drills.faults import BACKUPS
from lab.laboratory import Laboratory
from lab.settings import SECONDARY_REGION, LabSettings
from tests.drills.permissions_seen import SEEN
from tests.lab.emulated_cloud import until

pytestmark = pytest.mark.drill
WITHIN_SECONDS = 20


def test_the_newest_backup_is_rehearsed_beside_production(capsys: pytest.CaptureFixture[str]) -> None:
    with Laboratory(LabSettings(), lambda _: None) as lab:
        rds, s3 = lab.client("rds", SECONDARY_REGION), lab.client("s3", SECONDARY_REGION)
        until(lambda: rds.describe_db_instance_automated_backups()[BACKUPS], within=30)
        lab.servers["ap-southeast-2"].rows(
            "insert into writes (writer, number, body, region, epoch) values ('w', 1, 'x', 'r', 1)"
        )
        newest = rds.describe_db_instance_automated_backups()[BACKUPS][0]["RestoreWindow"]["LatestTime"]
        until(
            lambda: rds.describe_db_instance_automated_backups()[BACKUPS][0]["RestoreWindow"]["LatestTime"] > newest, 30
        )
        began = time.monotonic()
        status = main(["rehearse", "--target", "lab", "--cloud-port", str(urlsplit(lab.cloud.endpoint).port)])
        took = time.monotonic() - began
        said = capsys.readouterr().out
        assert status == 0, said
        told = json.loads(said[said.index("{") : said.rindex("}") + 1])
        assert (told["disturbed"], told["left_behind"], told["unusable"]) == ([], None, [])
        assert told["content"]["writes"] >= 1
        assert told["price_usd"] > 0
        assert took < WITHIN_SECONDS, said
        kept = s3.get_object(Bucket=lab.plan["record_copies"][SECONDARY_REGION], Key="rehearsal.json")["Body"].read()
        assert json.loads(kept)["seconds"] == told["seconds"]
        names = [one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]]
        assert names == [f"app-{SECONDARY_REGION}"]
        SEEN.append(lab.cloud.permissions())
