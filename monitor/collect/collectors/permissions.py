"""What this user may see of the cluster, from one broker's answers to a few probes; says what may be hidden."""

import math
import secrets
from collections.abc import Sequence

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step
from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.probes import PROBES, Probe
from monitor.collect.draft import Draft
from monitor.collect.requests import CLUSTER, GROUP, PERMISSIONS, TOPIC, Permission
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.model.reasons import NO_REASON, Kind, Reason

HIDDEN_TOPICS = f"topics and their commits may be hidden: {TOPIC.grant} is not granted"
HIDDEN_GROUPS = f"groups may be hidden: neither {CLUSTER.grant} nor {GROUP.grant} is granted"


class PermissionCollector(SlowCollector):
    """Keeps what is known of a permission while the probe of it has no answer."""

    name = "permissions"
    step = Step.ENDS
    provides = "whether kmon's user may describe topics, groups and transactional ids of any name"
    fills = ()
    sends = tuple(dict.fromkeys(each.request for each in PROBES))
    probes = requests.PERMISSIONS
    without = "whether anything is hidden is unknown"
    every_seconds = 60.0

    def __init__(self) -> None:
        super().__init__()
        # What is random comes first, so that no prefix in an ACL fits.
        self._stranger = f"{secrets.token_hex(8)}-kmon-probe"
        self._known = dict.fromkeys(PERMISSIONS, (math.nan, Reason(Kind.NOT_ASKED)))

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        node = next((each for each in client.nodes if each not in draft.failed), None)
        return [] if node is None else [each.ask(node, self._stranger) for each in PROBES]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        if not asks:
            return [NOBODY]
        return [
            trouble
            for probe, reply in zip(PROBES, replies, strict=True)
            if (trouble := self._keep(draft, probe, reply))
        ]

    def _keep(self, draft: Draft, probe: Probe, reply: Reply) -> Reason:
        """Keep what a reply tells; the answer is why it tells nothing."""
        if isinstance(reply, Fault):
            trouble: Reason = draft.note(reply)
            if reply.kind is Kind.UNSUPPORTED:
                self._known.update(dict.fromkeys(probe.permissions, (math.nan, trouble)))
                return NO_REASON
        else:
            try:
                self._known.update({each: _row(each, granted) for each, granted in probe.read(reply).items()})
            except MalformedAnswerError as error:
                trouble = Reason(Kind.OTHER, reply.node, detail=str(error))
            else:
                return NO_REASON
        unknown = [each for each in probe.permissions if math.isnan(self._known[each][0])]
        self._known.update(dict.fromkeys(unknown, (math.nan, trouble)))
        return trouble

    def put(self, draft: Draft) -> None:
        draft.capabilities.update({each.capability: state for each, state in self._known.items()})
        denied = {each for each, (available, _) in self._known.items() if available == 0}
        if TOPIC in denied:
            draft.notices.append(HIDDEN_TOPICS)
        if {GROUP, CLUSTER} <= denied:
            draft.notices.append(HIDDEN_GROUPS)


def _row(permission: Permission, granted: bool) -> tuple[float, Reason]:
    return (1.0, NO_REASON) if granted else (0.0, Reason(Kind.NOT_GRANTED, detail=str(permission.grant)))
