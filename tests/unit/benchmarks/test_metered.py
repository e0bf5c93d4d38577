from __future__ import annotations

import pytest

from benchmarks.metered import Meter, item_bytes, table_figures
from captionary.catalog import Catalog
from captionary.table import key, number
from tests.unit.conftest import IMAGES, TABLE, Aws


@pytest.mark.parametrize(
    ("item", "size"),
    [
        pytest.param({"pk": {"S": "ä"}}, 4, id="text in UTF-8"),
        pytest.param({"n": {"N": "-1234"}}, 4, id="two digits a byte, and one more"),
        pytest.param({"s": {"SS": ["ab", "c"]}}, 4, id="set of texts"),
        pytest.param({"s": {"NS": ["12", "3"]}}, 5, id="set of numbers"),
        pytest.param({}, 0, id="nothing"),
    ],
)
def test_item_bytes(item: dict[str, dict[str, str]], size: int) -> None:
    assert item_bytes(item) == size


def test_a_kind_of_value_that_the_table_does_not_have() -> None:
    with pytest.raises(NotImplementedError, match="kind M"):
        item_bytes({"m": {"M": {}}})


@pytest.fixture
def meter(aws: Aws, catalog: Catalog) -> Meter:
    import boto3

    found = Meter(boto3.client("dynamodb"))
    found.watch(aws.dynamodb)
    found.watch(aws.s3)
    return found


def test_writes_cost_by_size_and_twice_in_a_transaction(meter: Meter, catalog: Catalog) -> None:
    table = catalog.table
    large = key("image#a", "record") | {"text": {"S": "x" * 1500}}
    table.transact([table.put(large), table.add(key("labels#0", "dog"), n=number(1))])
    table.client.put_item(TableName=TABLE, Item=large)
    assert meter.written == {"image#a": 4 + 2, "labels#0": 2}
    assert meter.transacted == {"image#a record": 1, "labels#0 dog": 1}
    assert meter.calls == {"dynamodb TransactWriteItems": 1, "dynamodb PutItem": 1}


def test_reads_cost_by_size_and_something_where_nothing_is(meter: Meter, catalog: Catalog) -> None:
    table = catalog.table
    table.client.put_item(TableName=TABLE, Item=key("p", "a") | {"text": {"S": "x" * 5000}})
    table.get(key("p", "a"))
    assert meter.read_units == 2
    table.batch_get([key("p", "a"), key("p", "b")])
    assert meter.read_units == 2 + 3
    table.query("p", 10)
    assert meter.read_units == 5 + 2


def test_objects_are_counted_by_kind(meter: Meter, aws: Aws) -> None:
    aws.s3.put_object(Bucket=IMAGES, Key="thumb/a.jpg", Body=b"1234")
    aws.s3.put_object(Bucket=IMAGES, Key="thumb/b.jpg", Body=b"12")
    assert meter.sent == {"thumb": 6}
    assert meter.calls["s3 PutObject"] == 2


def test_table_figures(catalog: Catalog) -> None:
    catalog.table.client.put_item(TableName=TABLE, Item=key("p", "a"))
    assert table_figures(catalog.table.client, TABLE) == (1, 6 + 100)
