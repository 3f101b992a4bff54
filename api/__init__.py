"""The HTTP API, which handles a command in six steps.

It authenticates the player, validates the request, lets the rules decide, reserves the debits in the ledger, appends
the event to Kafka, and responds after Kafka's acknowledgement.
"""
