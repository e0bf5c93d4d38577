from __future__ import annotations

import json

import pytest

from infra import deploy
from infra.stacks import TEMPLATE_CHARACTERS


@pytest.mark.parametrize("output", ["ApiId", "ImagesBucketName", "MediaBucketName", "SiteBucketName", "TableName"])
def test_the_template_names_its_resources(output: str) -> None:
    assert output in deploy.read_template()["Outputs"]


def test_numbers_that_depend_on_each_other_agree() -> None:
    resources = deploy.read_template()["Resources"]
    queue, function = resources["IngestQueue"]["Properties"], resources["CaptionFunction"]["Properties"]
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    assert function["Environment"]["Variables"]["MAX_RECEIVES"] == str(receives)


def test_the_template_fits_into_a_request() -> None:
    """With room for the addresses of the zips, which take the place of folders."""
    assert len(json.dumps(deploy.read_template(), separators=(",", ":"))) + 7 * 250 < TEMPLATE_CHARACTERS
