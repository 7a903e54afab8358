"""The nouns of the gateway, their state tables, and the ports behind which engines hang. No I/O."""
