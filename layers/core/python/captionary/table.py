"""DynamoDB's calls with the patience that they need."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_ACTIONS = 100  # DynamoDB's limit for one transaction
_BATCH_GET_KEYS = 100  # and for one reading of several items

Item = dict[str, Any]


class Table:
    """A table whose keys are `pk` and `sk`, both texts. All is read as it was written last."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client = client
        self.name = name

    def get(self, key: Any) -> Any:
        """An item, or None where there is none."""
        return self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")

    def batch_get(self, keys: Sequence[Any]) -> list[Any]:
        """The items with these keys, in no order; those that don't exist are left out."""
        items: list[Any] = []
        for start in range(0, len(keys), _BATCH_GET_KEYS):
            left: Any = list(keys[start : start + _BATCH_GET_KEYS])
            pause = 0.02  # seconds; what the table could not answer at once is asked for again, later each time
            while left:
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": left, "ConsistentRead": True}})
                items += answer["Responses"].get(self.name, [])
                unprocessed: Any = answer.get("UnprocessedKeys", {})
                left = unprocessed.get(self.name, {}).get("Keys")
                if left:
                    time.sleep(random.uniform(0, pause))
                    pause = min(pause * 2, 1.0)
        return items

    def query(self, partition: str, limit: int, *, up_to: str = "", beginning: str = "") -> tuple[list[Any], bool]:
        """Items of a partition, the last sort key first, and whether there are more.

        Args:
            up_to: the last sort key that is wanted, if not all are.
            beginning: of the sort keys, if not all are wanted.
        """
        assert not (up_to and beginning)
        condition = "pk = :pk"
        values: Any = {":pk": {"S": partition}}
        if up_to:
            condition += " AND sk <= :sk"
            values[":sk"] = {"S": up_to}
        elif beginning:
            condition += " AND begins_with(sk, :sk)"
            values[":sk"] = {"S": beginning}
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return list(answer["Items"]), "LastEvaluatedKey" in answer

    def transact(self, actions: Sequence[Any]) -> None:
        """Do all of these actions or none.

        Raises:
            Conflict: a condition did not hold, or others were at the same items again and again.
        """
        assert len(actions) <= MOST_ACTIONS
        for attempt in range(8):
            try:
                self.client.transact_write_items(TransactItems=actions)
            except self.client.exceptions.TransactionCanceledException as exc:
                codes = {reason.get("Code") for reason in exc.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in codes:
                    raise Conflict("the record was changed meanwhile") from exc
                if "TransactionConflict" not in codes:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
            else:
                return
        raise Conflict("the table was too busy with the same photos")

    def put(self, item: Item, **more: Any) -> Item:
        """The action that puts an item."""
        return {"Put": {"TableName": self.name, "Item": item, **more}}

    def delete(self, key: Item) -> Item:
        """The action that deletes an item."""
        return {"Delete": {"TableName": self.name, "Key": key}}

    def add(self, key: Item, **amounts: Item) -> Item:
        """The action that adds to numbers and sets of an item, which comes into being by it."""
        return self._update("ADD", key, amounts)

    def take_out(self, key: Item, **members: Item) -> Item:
        """The action that takes members out of sets of an item."""
        return self._update("DELETE", key, members)

    def _update(self, verb: str, key: Item, values: dict[str, Item]) -> Item:
        return {
            "Update": {
                "TableName": self.name,
                "Key": key,
                "UpdateExpression": f"{verb} " + ", ".join(f"{name} :{name}" for name in values),
                "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
            }
        }


def key(pk: str, sk: str) -> Item:
    """The key of an item."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def number(value: int) -> Item:
    """A number as DynamoDB takes it."""
    return {"N": str(value)}


def text_set(*members: str) -> Item:
    """A set of texts as DynamoDB takes it."""
    return {"SS": list(members)}
