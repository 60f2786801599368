"""One request a group does not make a poll a heavy one, in which slow collectors would wait for the next."""

from typing import ClassVar

from answers import StubClient, new_draft

from monitor.collect.collectors.base import Collector, Reply, SlowCollector, Step
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_TRANSACTIONS, OFFSET_FETCH, Api
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.model.reasons import Reason
from monitor.poll.asking import REQUESTS_A_BROKER, REQUESTS_BESIDE, Asking


class Many(Collector):
    """Asks so many times of one broker, by turns of these APIs."""

    name, step, sends = "many", Step.COMMITS, ()
    apis: ClassVar[tuple[Api, ...]]
    count = 2 * (REQUESTS_A_BROKER + REQUESTS_BESIDE)

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        return [Ask(1, self.apis[number % len(self.apis)], lambda _: b"") for number in range(self.count)]

    def read(self, client: Client, draft: Draft, asks: list[Ask], replies: list[Reply]) -> list[Reason]:  # type: ignore[override]
        return []


class Slow(SlowCollector):
    name, step, sends = "slow", Step.ENDS, ()
    every_seconds = 60.0

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        return [Ask(1, LIST_TRANSACTIONS, lambda _: b"")]

    def take(self, client: Client, draft: Draft, asks: list[Ask], replies: list[Reply]) -> list[Reason]:  # type: ignore[override]
        return []

    def put(self, draft: Draft) -> None:
        pass


def asks_of_slow(*apis: Api) -> int:
    """How much the slow collector asks in its second turn, beside these APIs."""
    client, slow = StubClient({}, [1]), Slow()
    many = type("Many", (Many,), {"apis": apis})()
    for started in (0.0, 100.0):
        draft = new_draft(brokers=[BrokerAddress(1, "h", 9092, None)])
        draft.started = started
        asking = Asking(client, [many, slow], draft, lambda: 0.0)
        asking.run()
    return len(asking.turns[1].asks)


def test_many_requests_of_one_api_to_one_broker_do_not_put_off_slow_collectors() -> None:
    assert asks_of_slow(OFFSET_FETCH) == 1


def test_many_requests_of_other_kinds_do() -> None:
    apis = tuple(Api(key, f"Api{key}", 0, 0, 0) for key in range(Many.count))
    assert asks_of_slow(*apis) == 0
