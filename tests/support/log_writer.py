"""Append records to the log directly, without the API."""

from collections.abc import Sequence

from kafka import KafkaProducer

from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger


def write(instance: Instance, realm: int, values: Sequence[bytes | None]) -> list[int]:
    """Append records to the realm's partition, as a program other than the API could do.

    Returns the offsets of the records.
    """
    settings = instance.settings()
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    try:
        sent = [producer.send(settings.topic, key=b"test", value=value, partition=realm) for value in values]
        return [future.get(timeout=30).offset for future in sent]
    finally:
        producer.close()


def generation(instance: Instance, realm: int) -> int:
    return Ledger(connect(instance.settings())).snapshot(realm).generation
