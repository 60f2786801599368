"""What happens to the cluster and to kmon in the chaos test: steps as data, and what each of them does."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from chaos_truth import Ledger
from cut_cluster import CutCluster
from kafka_cluster import wait_until

from kmon.demo.readiness import registered

BRIEF_SECONDS, HOLD_SECONDS, LONG_SECONDS = 1.5, 8.0, 25.0
"""How long a broker stays broken: too short to be given up; and for some polls, or for many, after it has been."""


@dataclass(frozen=True)
class Step:
    """One of ACTIONS, with the broker that it is done to; it lasts for `seconds`.

    `given_up`: only from when the cluster has noticed that the broker is away.
    """

    action: str
    broker: int = 0
    seconds: float = HOLD_SECONDS
    given_up: bool = True

    def __str__(self) -> str:
        return f"{self.action} {self.broker} for {self.seconds:.1f} s" if self.broker else self.action


class Stage:
    """What steps are done to. `restart_kmon` ends the kmon that watches, and starts another."""

    def __init__(self, cluster: CutCluster, ledger: Ledger, restart_kmon: Callable[[], None]) -> None:
        self.cluster, self.ledger, self.restart_kmon = cluster, ledger, restart_kmon

    @contextmanager
    def away(self, step: Step) -> Iterator[None]:
        """The broker of a step is broken: wait for what the step says; what mends it comes within the context."""
        others = [self.cluster.address(each) for each in self.cluster.ids if each != step.broker]

        def gone_at(address: str) -> bool:
            up = registered([address])
            return bool(up) and step.broker not in up

        if step.given_up:
            # One of them may know of a new controller long before the other.
            wait_until(lambda: all(map(gone_at, others)), f"broker {step.broker} to go")
            self.ledger.give_up(frozenset({step.broker}), time.monotonic())
        time.sleep(step.seconds)
        self.ledger.give_up(frozenset(), time.monotonic())
        yield
        self.mended()

    def mended(self) -> None:
        self.cluster.wait_ready()
        self.cluster.wait_in_sync(120)


def kill(stage: Stage, step: Step) -> None:
    """SIGKILL, and a start."""
    stage.cluster.kill(step.broker)
    with stage.away(step):
        stage.cluster.start(step.broker, wait=False)


def pause(stage: Stage, step: Step) -> None:
    """SIGSTOP and SIGCONT: it comes back with what it knew before."""
    stage.cluster.pause(step.broker)
    with stage.away(step):
        stage.cluster.resume(step.broker, wait=False)


def cut_off(stage: Stage, step: Step) -> None:
    """Nothing passes between it and the others; it answers clients with what it believes."""
    stage.cluster.cut_off(step.broker)
    with stage.away(step):
        stage.cluster.heal()


def restart_in_turn(stage: Stage, step: Step) -> None:
    """A rolling restart that does not wait: two brokers may be away at a time."""
    for broker in stage.cluster.ids:
        stage.cluster.process(broker).stop(timeout_seconds=5)
        stage.cluster.start(broker, wait=False)
        time.sleep(2)
    stage.mended()


def restart_kmon(stage: Stage, step: Step) -> None:
    """A new kmon that knows nothing of what was."""
    stage.restart_kmon()


def calm(stage: Stage, step: Step) -> None:
    time.sleep(step.seconds)


ACTIONS: Mapping[str, Callable[[Stage, Step], None]] = {
    each.__name__: each for each in (kill, pause, cut_off, restart_in_turn, restart_kmon, calm)
}

ON_A_BROKER = frozenset({"kill", "pause", "cut_off"})
DRAWN = (4, 4, 4, 2, 1, 1)
"""How often each action is drawn."""

SHORT = (
    Step("pause", 2),
    Step("cut_off", 3),
    Step("restart_kmon"),
    Step("kill", 1),
    Step("restart_in_turn"),
)
"""Each thing is broken once."""


def drawn(seed: int) -> Iterator[Step]:
    """Steps by chance without end; the same for the same seed."""
    chance = random.Random(seed)
    while True:
        (action,) = chance.choices(("kill", "pause", "cut_off", "restart_in_turn", "restart_kmon", "calm"), DRAWN)
        if action in ON_A_BROKER:
            seconds = chance.choice((BRIEF_SECONDS, HOLD_SECONDS, HOLD_SECONDS, LONG_SECONDS))
            yield Step(action, chance.randint(1, 3), seconds, given_up=seconds > BRIEF_SECONDS)
        else:
            yield Step(action, seconds=5.0)


def play(stage: Stage, step: Step) -> None:
    ACTIONS[step.action](stage, step)
