"""All incidents, in the order of the scorecard."""

from incidents.brokers import BROKER_INCIDENTS, DISK
from incidents.consumers import CONSUMER_INCIDENTS
from incidents.lookalikes import LOOKALIKES

INCIDENTS = (*CONSUMER_INCIDENTS, DISK, *LOOKALIKES, *BROKER_INCIDENTS)
