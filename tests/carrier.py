"""S3's events on a bad day: for tests that have them come late, more than once, in any order, or never."""

from __future__ import annotations

import heapq
import json
import random
import threading
import time
from types import TracebackType
from typing import Any, Self

from infra.sandbox import RunningGallery, eventually

QUEUE = "carried"


class Carrier:
    """Stands between the images bucket of a running gallery and its ingest queue, while it is entered."""

    def __init__(
        self,
        gallery: RunningGallery,
        chance: random.Random,
        *,
        copies: int = 1,
        seconds: float = 0.0,
        lost: float = 0.0,
    ) -> None:
        """
        Args:
            copies: how often each event is delivered.
            seconds: the most that each of these is late by.
            lost: share of the events that never come.
        """
        self._sqs, self._s3 = gallery.clients.sqs, gallery.clients.s3
        self._bucket, self._ingest_queue = gallery.endpoints["images_bucket"], gallery.endpoints["ingest_queue"]
        self._chance, self._copies, self._seconds, self._lost = chance, copies, seconds, lost
        self._waiting: list[tuple[float, str]] = []  # when to deliver what
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self.carried = 0  # events that came from S3
        self._usual: Any = {}

    def __enter__(self) -> Self:
        self._queue = self._sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        arn = self._asked("QueueArn")["QueueArn"]
        leave = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [leave]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        answer: Any = self._s3.get_bucket_notification_configuration(Bucket=self._bucket)
        self._usual = {"QueueConfigurations": answer["QueueConfigurations"]}
        events: Any = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
        self._s3.put_bucket_notification_configuration(
            Bucket=self._bucket,
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": events}]},
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deliver what is still to be delivered, and get out of the way."""

        def has_all() -> bool:
            left = self._asked("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
            return set(left.values()) == {"0"}

        if error is None:
            eventually(has_all)
            eventually(lambda: not self._waiting)
        self._ended.set()
        self._thread.join()
        self._s3.put_bucket_notification_configuration(Bucket=self._bucket, NotificationConfiguration=self._usual)

    def _asked(self, *names: Any) -> dict[str, str]:
        """Attributes of the queue between the two."""
        answer: Any = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)["Attributes"]
        return dict(answer)

    def _carry(self) -> None:
        while not self._ended.is_set():
            messages = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                if json.loads(message["Body"]).get("Event") != "s3:TestEvent":
                    self._take(message["Body"])
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._sqs.send_message(QueueUrl=self._ingest_queue, MessageBody=self._waiting[0][1])
                heapq.heappop(self._waiting)
            if not messages:
                time.sleep(0.05)

    def _take(self, body: str) -> None:
        self.carried += 1
        if self._chance.random() < self._lost:
            return
        for _ in range(self._copies):
            heapq.heappush(self._waiting, (time.monotonic() + self._chance.uniform(0, self._seconds), body))
